"""The site: ``sphinx-build -W docs build/site`` makes it from the notebooks as they are."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "Handwritten digits, step by step"
extensions = ["myst_nb", "sphinx_copybutton", "repository", "figures", "formulas"]

nb_execution_mode = "off"
# with `-D nb_execution_mode=force` each notebook is run, but for the blanks of the assignments
nb_execution_excludepatterns = ["notebooks/assignments/*"]
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_sourcelink_suffix = ""
html_use_index = False
html_context = {"default_mode": "auto"}  # light or dark as the reader's system
html_theme_options = {
    "navbar_persistent": [],
    "footer_content_items": ["extra-footer"],
    "extra_footer": "Code and text: MIT license. MNIST: CC BY-SA 3.0.",
    "use_fullscreen_button": False,
    "search_bar_text": "Search this site",
    "toc_title": "On this page",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = ".cell_input div.highlight pre, div[class*=highlight-]:not(.output) pre"

# owner/name on GitHub, set by the workflow; without it no page links to a place outside
repository = os.environ.get("DIGITS_REPOSITORY")
if repository:
    html_theme_options |= {
        "repository_url": f"https://github.com/{repository}",
        "repository_branch": os.environ.get("DIGITS_BRANCH", "main"),
        "use_repository_button": True,
        "use_source_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }
