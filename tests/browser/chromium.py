"""A real Chromium, and ways to draw in it; tests that import this are skipped without one."""

import os
import shutil

import pytest

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sync_playwright = None

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
FLAGS += ["--disable-background-networking"]
if not (sync_playwright and CHROMIUM):
    LACK = (
        "needs Chromium and Playwright: install the browser (on Debian: apt-get install chromium) "
        'and its driver (pip install -c constraints.txt -e ".[browser]")'
    )
    if "REQUIRE_BROWSER" in os.environ:
        raise RuntimeError(LACK)
    pytest.skip(LACK, allow_module_level=True)
expect.set_options(timeout=30_000)


def with_mouse(page, paths):
    for path in paths:
        page.mouse.move(*path[0])
        page.mouse.down()
        for point in path:
            page.mouse.move(*point)
        page.mouse.up()


def with_finger(page, paths):
    session = page.context.new_cdp_session(page)
    for path in paths:
        for event, points in [
            ("touchStart", path[:1]),
            *[("touchMove", [point]) for point in path],
            ("touchEnd", []),
        ]:
            touches = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": event, "touchPoints": touches})


def with_pen(page, paths):
    session = page.context.new_cdp_session(page)
    for path in paths:
        for event, (x, y) in [
            ("mousePressed", path[0]),
            *[("mouseMoved", point) for point in path],
            ("mouseReleased", path[-1]),
        ]:
            pen = {"pointerType": "pen", "button": "left", "buttons": 1, "clickCount": 1}
            session.send("Input.dispatchMouseEvent", {"type": event, "x": x, "y": y} | pen)


def with_keyboard(page, paths):
    """Draw paths of points in [0, 1] on the pad that has the focus, as far as its steps allow."""
    at = [50, 30]  # hundredths; the pen begins there, a step with Shift is one, else three
    for path in paths:
        for index, point in enumerate(path):
            target = [round(100 * value) for value in point]
            while at != target:
                gaps = [b - a for a, b in zip(at, target, strict=True)]
                axis = max((0, 1), key=lambda i: abs(gaps[i]))
                step = 3 if abs(gaps[axis]) >= 3 else 1
                forward = gaps[axis] > 0
                key = [["ArrowLeft", "ArrowRight"], ["ArrowUp", "ArrowDown"]][axis][forward]
                page.keyboard.press(key if step == 3 else f"Shift+{key}")
                at[axis] += step if forward else -step
            if index == 0:
                page.keyboard.press("Space")
        page.keyboard.press("Space")
