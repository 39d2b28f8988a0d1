"""Formulas as SVG, typeset when the site is built: no script, no font and no request in the page.

Screen readers get the same formula as MathML.
"""

import re

import ziafont
import ziamath
from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

SIZE = 20  # any: the page scales the formula to its text
ziafont.config.svg2 = False  # each shape where it is used: an id would occur on a page twice
ziafont.config.precision = 2


def typeset(latex, inline):
    """Return the HTML of a formula."""
    formula = ziamath.Latex(latex, size=SIZE, inline=inline, color="currentColor")
    image = formula.svgxml()
    _, low, width, height = map(float, image.get("viewBox").split())
    for name in ("width", "height"):
        image.attrib.pop(name)
    image.set("aria-hidden", "true")
    image.set(
        "style",
        f"width:{width / SIZE:.3f}em;height:{height / SIZE:.3f}em;"
        f"vertical-align:{-(low + height) / SIZE:.3f}em",
    )
    mathml = convert(latex, display="inline" if inline else "block")
    text = ziamath.zmath.ET.tostring(image, encoding="unicode")
    return f'{text}<span class="visually-hidden">{mathml}</span>'


def visit(translator, node):
    """Write a formula of a page."""
    inline = isinstance(node, nodes.math)
    try:
        html = typeset(re.sub(r"\s+", " ", node.astext()), inline)
    except Exception as error:
        logging.getLogger(__name__).warning("formula: %s", error, location=node)
        html = f"<code>{translator.encode(node.astext())}</code>"
    tag = "span" if inline else "div"
    translator.body.append(f'<{tag} class="formula">{html}</{tag}>')
    raise nodes.SkipNode


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer("svg", (visit, None), (visit, None))
    app.config.html_math_renderer = "svg"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
