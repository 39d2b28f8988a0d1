"""The figures of data in a real Chromium without a kernel: their arithmetic, their controls."""

import os
import shutil

import numpy as np
import pytest
from digits_helpers import (
    drag_digit,
    explore_boundary,
    explore_confusion,
    explore_temperature,
    load_mnist,
    mix_digits,
    scrub_training,
)
from scipy import ndimage, optimize, stats
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sync_playwright = None

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
if not (sync_playwright and CHROMIUM):
    LACK = "needs Chromium and Playwright: see tests/browser/test_drawing_in_jupyterlab.py"
    if "REQUIRE_BROWSER" in os.environ:
        raise RuntimeError(LACK)
    pytest.skip(LACK, allow_module_level=True)

from bare_host import open_figure  # beside this file

RNG = np.random.default_rng(0)
_, (IMAGES, LABELS) = load_mnist()
IMAGES, LABELS = IMAGES[:400], LABELS[:400]
LOGITS = (RNG.normal(size=(400, 10)) + 3 * np.eye(10)[LABELS]).astype(np.float16).astype(float)
STEPS, WEIGHTS = [0, 10, 100], RNG.normal(size=(3, 784, 10))
HISTORY = {"loss": [2.3, 0.5, 0.25], "accuracy": [0.1, 0.875, 0.925]}
MAKE = {
    "confusion": lambda: explore_confusion(IMAGES, LABELS, softmax(LOGITS, axis=1)),
    "mix": lambda: mix_digits(IMAGES[:5], LABELS[:5]),
    "scrub": lambda: scrub_training(STEPS, WEIGHTS, HISTORY),
    "temperature": lambda: explore_temperature(LOGITS, LABELS),
    "boundary": explore_boundary,
    "drag": lambda: drag_digit(IMAGES[:4]),
}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    problems = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert problems == []


def test_counts_and_rates_are_those_of_scikit_learn(page):
    open_figure(page, MAKE["confusion"]())
    predictions = LOGITS.argmax(axis=1)
    given = [LABELS.tolist(), predictions.tolist()]
    counts = page.evaluate("([a, b]) => [...module.count(a, b)]", given)
    assert counts == confusion_matrix(LABELS, predictions).ravel().tolist()
    for view, normalize in {"rows": "true", "columns": "pred"}.items():
        rates = page.evaluate("([c, view]) => module.normalize(c, view)", [counts, view])
        expected = confusion_matrix(LABELS, predictions, normalize=normalize)
        np.testing.assert_allclose(rates, expected.ravel(), atol=1e-12)


def test_keys_move_through_the_matrix_and_a_click_shows_its_images(page):
    open_figure(page, MAKE["confusion"]())
    cells = page.get_by_role("gridcell")
    cells.nth(0).click()
    expect(page.get_by_role("status")).to_contain_text("True 0, predicted 0:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(11)).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("True 1, predicted 1:")
    texts = page.locator(".confusion-gallery li").all_inner_texts()
    shown = [float(text.split()[0]) for text in texts]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 10


def test_shift_and_blend_are_those_of_numpy(page):
    open_figure(page, MAKE["mix"]())
    first, second = IMAGES[:2].astype(float)
    shifted = ndimage.shift(second, (-3, 5), order=0)
    got = page.evaluate("a => [...module.shift(a, 5, -3)]", second.ravel().tolist())
    np.testing.assert_array_equal(got, shifted.ravel())
    given = [first.ravel().tolist(), got]
    got = page.evaluate("([a, b]) => [...module.blend(a, b, 0.25)]", given)
    np.testing.assert_array_equal(got, np.floor(0.75 * first + 0.25 * shifted + 0.5).ravel())


def test_templates_and_numbers_are_those_of_the_step(page):
    figure = MAKE["scrub"]()
    open_figure(page, figure)
    expect(page.locator(".scrub-status")).to_contain_text("Step 100: training loss 0.250")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(page.locator(".scrub-status")).to_contain_text("training accuracy 10.0 %")
    stored = [*np.frombuffer(figure.templates, np.int8).tolist()]
    got = page.evaluate("d => [...module.accumulate(d, 3)]", stored)
    expected = np.rint(127 / figure.scale * WEIGHTS).transpose(0, 2, 1)
    np.testing.assert_array_equal(got, expected.ravel())


def test_loss_ece_and_best_temperature_are_those_of_numpy_and_scipy(page):
    open_figure(page, MAKE["temperature"]())
    given = [LOGITS.ravel().tolist(), LABELS.tolist()]
    got = page.evaluate(
        "([z, y]) => { const a = Float64Array.from(z); "
        "return [module.evaluate(a, y, 1.5, 15), module.fit(a, y)] }",
        given,
    )

    def loss(temperature):
        return -log_softmax(LOGITS / temperature, axis=1)[np.arange(400), LABELS].mean()

    confidences = softmax(LOGITS / 1.5, axis=1).max(axis=1)
    gaps = np.where(LOGITS.argmax(axis=1) == LABELS, 1, 0) - confidences
    sums = np.bincount(np.ceil(15 * confidences).astype(int), gaps)
    assert got[0]["loss"] == pytest.approx(loss(1.5), abs=1e-9)
    assert got[0]["error"] == pytest.approx(np.abs(sums).sum() / 400, abs=1e-9)
    best = optimize.minimize_scalar(loss, bounds=(0.2, 5), method="bounded")
    assert got[1] == pytest.approx(best.x, abs=1e-3)
    interval = stats.binomtest(17, 20).proportion_ci(method="wilson")
    assert page.evaluate("module.wilson(17, 20)") == pytest.approx([*interval], abs=1e-6)


@pytest.mark.parametrize("is_linear", [True, False])
@pytest.mark.parametrize("sizes", [[2, 5, 1], [2, 4, 3, 1]])
def test_the_gradient_agrees_with_finite_differences(page, sizes, is_linear):
    open_figure(page, MAKE["boundary"]())
    worst = page.evaluate(
        """([sizes, isLinear]) => {
            const random = module.generator(3);
            const network = module.createNetwork(sizes, random);
            network.forEach(({ biases }) => biases.forEach((_, j) => (biases[j] = random() - 0.5)));
            const points = Array.from({ length: 20 }, () => [random() * 4 - 2, random() * 4 - 2]);
            const labels = points.map(([x, y]) => +(x * y > 0));
            const masks = module.dropOut(network, 0.3, random);
            const measure = () => module.gradient(network, points, labels, isLinear, masks);
            const { gradient } = measure();
            let worst = 0;
            network.forEach((layer, k) => {
                const rows = [...layer.weights, layer.biases];
                const found = [...gradient[k].weights, gradient[k].biases];
                rows.forEach((row, r) => row.forEach((value, i) => {
                    row[i] = value + 1e-6; const above = measure().loss;
                    row[i] = value - 1e-6; const below = measure().loss;
                    row[i] = value;
                    worst = Math.max(worst, Math.abs((above - below) / 2e-6 - found[r][i]));
                }));
            });
            return worst;
        }""",
        [sizes, is_linear],
    )
    assert worst < 1e-6


def test_moves_scales_and_rotations_are_those_of_scipy(page):
    open_figure(page, MAKE["drag"]())
    image = IMAGES[0] / 255
    change = {"right": 3, "down": -2, "scale": 0.8, "angle": 25, "isInverted": False}
    given = [image.ravel().tolist(), change]
    got = page.evaluate("([a, change]) => [...module.transform(a, change)]", given)
    cos, sin = np.cos(np.deg2rad(25)) / 0.8, np.sin(np.deg2rad(25)) / 0.8
    matrix = np.array([[cos, -sin], [sin, cos]])  # rows, columns
    offset = 13.5 - matrix @ np.array([13.5 - 2, 13.5 + 3])
    expected = ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant")
    np.testing.assert_allclose(got, expected.ravel(), atol=1e-6)
    center = page.evaluate("a => module.centerOfMass(a)", image.ravel().tolist())
    assert center == pytest.approx(ndimage.center_of_mass(image))


def test_a_digit_is_moved_by_mouse_and_keys_and_comes_back(page):
    open_figure(page, MAKE["drag"]())
    digit = page.get_by_role("application")
    box = digit.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 100 + 4 * box["width"] / 28, box["y"] + 100)
    page.mouse.up()
    expect(page.locator(".drag-left p")).to_contain_text("Moved 4 px right, 0 px down")
    digit.focus()
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator(".drag-left p")).to_contain_text("Moved 4 px right, 4 px up")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".drag-left p")).to_contain_text("Moved 0 px right, 0 px down")


@pytest.mark.parametrize("name", MAKE)
def test_at_320_pixels_nothing_is_cut_and_damaged_state_gives_a_sentence(page, name):
    page.set_viewport_size({"width": 320, "height": 800})
    figure = MAKE[name]()
    open_figure(page, figure)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    damage = {"confusion": "images", "scrub": "templates", "temperature": "logits"}
    open_figure(page, figure, [damage.get(name, "moons" if name == "boundary" else "images")])
    expect(page.get_by_role("alert")).to_contain_text("its data are missing or damaged")
