"""Draw and look inside without a kernel: by mouse, touch, pen and keyboard, and with bad input."""

import re

import numpy as np
import pytest
from bare_host import ORIGIN, open_figure
from chromium import (
    assert_accessible,
    expect,
    use_scheme,
    with_finger,
    with_keyboard,
    with_mouse,
    with_pen,
)
from digits_helpers import draw_digit, load_reference_model, look_inside, upload_digit

SEVEN = [np.array([[0.28, 0.25], [0.73, 0.25], [0.43, 0.8]])]  # few points, straight lines
NETWORKS = ["Single layer", "Hidden layer", "Convolutions"]


@pytest.fixture(scope="module")
def widgets():
    return {make.__name__: make() for make in (draw_digit, look_inside, upload_digit)}


@pytest.fixture
def page(browser):
    """Return a page on which nothing may fail, and which may ask no server but its own."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, has_touch=True)
    page, failures = context.new_page(), []
    page.on("console", lambda message: failures.append(message.text))
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", lambda request: failures.append(request.url) if outside(request) else None)
    yield page
    context.close()
    assert failures == []


def outside(request):
    return not request.url.startswith((ORIGIN, "data:", "blob:"))


def pad(page):
    return page.get_by_role("application", name="Draw a digit here")


def title(page):
    return page.locator(".digits-title")


def place(page, paths, size=0.7, at=(0.5, 0.5)):
    pad(page).scroll_into_view_if_needed()
    box = pad(page).bounding_box()
    origin = np.array([box["x"], box["y"]])
    return [origin + ((path - 0.5) * size + at) * box["width"] for path in paths]


def clear(page):
    page.get_by_role("button", name="Clear the drawing").click()
    expect(title(page)).to_have_text("Draw a digit")


@pytest.mark.parametrize(("draw", "digit"), [(with_mouse, 5), (with_finger, 2), (with_pen, 6)])
def test_mouse_finger_and_pen_draw_a_digit_that_all_networks_read(page, widgets, hand, draw, digit):
    open_figure(page, widgets["look_inside"])
    expect(title(page)).to_have_text("Predicted: 3")  # the stored drawing
    draw(page, place(page, hand(digit)))  # replaces it
    expect(title(page)).to_have_text(f"Predicted: {digit}")
    for name in NETWORKS:
        page.get_by_role("radio", name=name).click()
        expect(title(page)).to_have_text(f"Predicted: {digit}")
        expect(page.locator(".is-output .is-largest b")).to_have_text(f"{digit}")


@pytest.mark.parametrize("figure", ["draw_digit", "look_inside"])
def test_the_keyboard_alone_draws_undoes_clears_and_leaves_the_pad(page, widgets, figure):
    open_figure(page, widgets[figure])
    page.keyboard.press("Tab")
    expect(pad(page)).to_be_focused()
    expect(page.get_by_text("arrows move · Space lowers the pen")).to_be_visible()
    with_keyboard(page, SEVEN)
    expect(title(page)).to_have_text("Predicted: 7")
    page.keyboard.press("Backspace")
    expect(title(page)).to_have_text("Draw a digit")
    page.keyboard.press("Tab")  # what cannot be pressed is passed over, and no key is caught
    expect(pad(page)).not_to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(pad(page)).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")  # lifts the pen
    page.keyboard.press("Space")
    expect(title(page)).to_have_text("Draw a digit")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Delete")
    expect(page.get_by_text("Draw a digit here", exact=True)).to_be_visible()


def test_arrow_keys_that_are_held_together_draw_a_diagonal(page, widgets):
    open_figure(page, widgets["draw_digit"])
    pad(page).focus()
    page.keyboard.press("Space")
    page.keyboard.down("ArrowLeft")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("ArrowLeft")
    page.keyboard.press("Space")
    rows, columns = np.nonzero(drawing(page) > 127)
    assert np.ptp(columns) > 35
    assert np.corrcoef(rows, columns)[0, 1] < -0.5


def drawing(page):
    sent = page.evaluate("Array.from(new Uint8Array(window.values.drawing.buffer))")
    return np.array(sent, np.uint8).reshape(140, 140)


def test_the_bars_move_while_the_pen_is_still_down(page, widgets, hand):
    open_figure(page, widgets["look_inside"])
    clear(page)
    (path,) = place(page, hand(0))
    page.mouse.move(*path[0])
    page.mouse.down()
    for point in path:
        page.mouse.move(*point)
    expect(title(page)).to_have_text("Predicted: 0")
    page.mouse.up()


def test_what_screen_readers_are_told_comes_after_the_stroke_and_once(page, widgets, hand):
    open_figure(page, widgets["draw_digit"])
    region = page.locator(".digits-prediction [aria-live=polite]")
    expect(region).to_contain_text("Predicted: 3")
    page.evaluate(
        """region => {
            window.said = [];
            const note = () => window.said.push(region.textContent);
            new MutationObserver(note).observe(region, {childList: true});
        }""",
        region.element_handle(),
    )
    with_mouse(page, place(page, hand(0)))
    expect(region).to_contain_text("Predicted: 0")
    assert len(page.evaluate("window.said")) <= 2


def test_an_empty_pad_a_scribble_and_a_stroke_that_leaves_the_pad(page, widgets):
    open_figure(page, widgets["look_inside"])
    clear(page)
    box = pad(page).bounding_box()
    x, y, side = box["x"], box["y"], box["width"]
    with_mouse(
        page, [[(x + side / 2, y + side / 4), (x - 40, y + side / 2), (x + side / 2, y - 30)]]
    )
    expect(title(page)).to_contain_text("Predicted")
    rows = [y + side * part for part in np.linspace(0.02, 0.98, 24)]
    with_mouse(page, [[(x + 3, row), (x + side - 3, row)] for row in rows])
    expect(title(page)).to_have_text("Too much ink")
    note = page.get_by_text("Press Clear, and draw one digit with a few strokes.", exact=True)
    expect(note).to_be_visible()
    clear(page)
    with_mouse(page, place(page, SEVEN, 1))
    expect(title(page)).to_have_text("Predicted: 7")


@pytest.mark.parametrize("figure", ["draw_digit", "look_inside"])
@pytest.mark.parametrize("trait", ["weights", "drawing", "layers", "networks"])
def test_damaged_state_is_said_in_a_sentence_and_the_pad_still_draws(page, widgets, figure, trait):
    if not widgets[figure].has_trait(trait):
        pytest.skip("another figure has it")
    open_figure(page, widgets[figure], damage=[trait])
    if trait == "drawing":
        expect(title(page)).to_have_text("Draw a digit")
    else:
        expect(page.locator(".digits-note")).to_contain_text("The network cannot be read")
    with_mouse(page, place(page, SEVEN, 1))
    expect(title(page)).to_have_text("Predicted: 7" if trait == "drawing" else "No prediction")


def test_pointing_at_a_feature_map_shows_what_it_looks_at_and_how_its_value_comes_about(
    page, widgets
):
    open_figure(page, widgets["look_inside"])
    stage = page.get_by_role("listitem").filter(has_text="Convolution 2")
    unit = stage.get_by_role("button", name="Feature map 6 of", exact=False)
    unit.scroll_into_view_if_needed()
    box = unit.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    expect(stage.locator(".digits-card")).to_contain_text("Map 6, row 4, column 8")
    text = stage.locator(".digits-card p").inner_text().replace("−", "-").replace("- ", "-")
    total, bias, both = map(float, re.findall(r"-?\d+\.\d+", text))
    assert total + bias == pytest.approx(both, abs=0.011)
    expect(stage.locator(".digits-box")).to_be_visible()
    page.mouse.move(0, 0)
    expect(stage.locator(".digits-card")).not_to_contain_text("Map 6, row 4, column 8")


@pytest.mark.parametrize(("name", "count"), [*zip(NETWORKS, (10, 110, 234), strict=True)])
def test_every_unit_is_reached_by_keyboard_and_explained(page, widgets, name, count):
    open_figure(page, widgets["look_inside"])
    page.get_by_role("radio", name=name).click()
    units = page.locator(".digits-unit")
    expect(units).to_have_count(count)
    output = page.locator(".is-output")
    output.get_by_role("button", name="Digit 0").focus()
    page.keyboard.press("End")
    expect(output.get_by_role("button", name="Digit 9")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(output.locator(".digits-card")).to_contain_text("Evidence for 8")
    assert (
        page.locator(".digits-unit[tabindex='0']").count() == page.locator(".digits-units").count()
    )


@pytest.mark.parametrize("name", ["mlp_plain", "cnn"])
def test_a_model_of_the_reader_s_own_is_looked_into(page, name):
    open_figure(page, look_inside(load_reference_model(name)))
    expect(title(page)).to_have_text("Predicted: 3")
    expect(page.get_by_role("radio")).to_have_count(0)


def test_an_upload_without_a_kernel_says_what_to_do(page, widgets):
    open_figure(page, widgets["upload_digit"])
    expect(title(page)).to_have_text("Predicted: 6")
    expect(page.get_by_text("run this notebook in Jupyter, Colab or Binder")).to_be_visible()
    assert page.get_by_role("button").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("figure", ["draw_digit", "look_inside", "upload_digit"])
def test_figures_fit_the_screen_and_axe_finds_nothing(page, widgets, figure, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    open_figure(page, widgets[figure])
    use_scheme(page, scheme)
    expect(title(page)).to_contain_text("Predicted")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)
