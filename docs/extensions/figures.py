"""Figures of notebooks with their alternative texts; interactive ones live, with no kernel.

An output with the metadata ``explorable`` (see digits_helpers/explorables/base.py) becomes its
still picture and its state; ``runtime.js`` in the page makes it live.
"""

import base64
import json
import shutil
from html import escape
from pathlib import Path

import digits_helpers
import myst_nb.core.render
from digits_helpers.explorables.base import FOLDER, weight_file
from docutils import nodes
from myst_nb._compat import get_env_app
from sphinx.util.docutils import SphinxDirective

VIEW = "application/vnd.jupyter.widget-view+json"


def make_live(app, still, explorable):
    """Return nodes for a figure: the still picture, and what the page needs to replace it."""
    for value in explorable["state"].values():
        if isinstance(value, dict) and "file" in value:  # weights that the package ships
            serve(app).joinpath(value["file"]).write_bytes(weight_file(value["file"]))
    state = json.dumps(explorable["state"], separators=(",", ":")).replace("</", r"<\/")
    opening = f'<div class="explorable" data-module="{escape(explorable["module"])}">'
    closing = f'<script type="application/json">{state}</script></div>'
    raw = [nodes.raw(text=text, format="html") for text in (opening, closing)]
    return [raw[0], still, raw[1]]


def serve(app):
    """Return the folder that the pages load modules and weights from."""
    folder = Path(app.outdir) / "_static" / "explorables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Outputs:
    """How myst-nb shows outputs here; where nothing is returned, its own way."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return the nodes for one form of an output."""
        if data.mime_type == VIEW:
            return []
        if data.mime_type == "text/html":
            html = f'<div class="output text_html scroller">{data.string}</div>'
            return [nodes.raw(text=html, format="html")]
        if data.mime_type == "image/png":
            (image,) = renderer.render_image(data)
            image["alt"] = data.output_metadata.get("image/png", {}).get("alt", "")
            explorable = data.output_metadata.get("explorable")
            app = get_env_app(renderer.renderer.sphinx_env)
            return make_live(app, image, explorable) if explorable else [image]
        return None


class Explorable(SphinxDirective):
    """An interactive figure on a page that is not a notebook: ``{explorable} look_inside``."""

    required_arguments = 1

    def run(self):
        """Return the figure as a notebook would show it."""
        widget = getattr(digits_helpers, self.arguments[0])()
        data, metadata = widget._repr_mimebundle_()
        file = Path(self.env.srcdir) / f"{self.arguments[0]}.png"
        file.write_bytes(base64.b64decode(data["image/png"]))
        still = nodes.image(uri=file.name, alt=metadata["image/png"]["alt"])
        return make_live(get_env_app(self.env), still, metadata["explorable"])


def add_modules(app, error):
    """Serve the scripts and styles."""
    for file in [*FOLDER.glob("*.js"), *FOLDER.glob("*.css")]:
        shutil.copy(file, serve(app))


def setup(app):
    """Register with Sphinx, and with myst-nb, which otherwise looks for installed packages."""
    myst_nb.core.render.load_mime_renders = lambda: [Outputs]
    app.add_directive("explorable", Explorable)
    app.connect("build-finished", add_modules)
    app.add_css_file("explorables/shared.css")
    app.add_js_file("explorables/runtime.js", type="module")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
