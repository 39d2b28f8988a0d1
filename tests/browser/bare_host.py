"""A page with one interactive figure and nothing else: the module, its state, no kernel."""

from pathlib import Path

import digits_helpers

FOLDER = Path(digits_helpers.__file__).parent / "explorables"
ORIGIN = "http://figure.test"  # nothing listens there: `open_figure` answers every request
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>figure</title>
<link rel="icon" href="data:"><link rel="stylesheet" href="/shared.css">
<body style="margin: 0"><main id="figure"></main></body></html>"""
RENDER = """async ([name, state, damage]) => {
    const values = {};
    for (const [key, value] of Object.entries(state)) {
        values[key] = value;
        if (value?.file) values[key] = new DataView(await (await fetch(value.file)).arrayBuffer());
        if (value?.bytes === undefined) continue;
        const zipped = Uint8Array.from(atob(value.bytes), (letter) => letter.charCodeAt());
        const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream('deflate'));
        values[key] = new DataView(await new Response(stream).arrayBuffer());
    }
    for (const key of damage) delete values[key];
    const listeners = {};
    const model = { get: (key) => values[key], save_changes() {},
                    set(key, value) { values[key] = value; listeners[`change:${key}`]?.(); },
                    on(event, call) { listeners[event] = call; },
                    off(event) { delete listeners[event]; } };
    window.module = await import(`/${name}.js`);
    window.values = values;
    const el = document.querySelector('main');
    window.cleanup = await window.module.default.render({ model, el });
}"""


def open_figure(page, widget, damage=()):
    """Show a widget as the site would; `damage` names traits that are missing."""
    from digits_helpers.explorables.base import weight_file

    def answer(route):
        name = route.request.url.removeprefix(ORIGIN).strip("/")
        if not name:
            route.fulfill(body=PAGE, content_type="text/html")
        elif name.endswith(".bin"):
            route.fulfill(body=weight_file(name), content_type="application/octet-stream")
        else:
            route.fulfill(path=FOLDER / name)

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(ORIGIN)
    page.evaluate(RENDER, [widget.module, widget.state(), list(damage)])
