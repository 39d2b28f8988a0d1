"""The figures of data in a real Chromium without a kernel: their arithmetic, their controls."""

import re
from itertools import product

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from bare_host import load_rounded_model, open_figure
from chromium import assert_accessible, expect, use_scheme, with_finger, with_mouse
from digits_helpers import (
    drag_digit,
    edit_kernel,
    explore_boundary,
    explore_confusion,
    explore_embedding,
    explore_optimizers,
    explore_search,
    explore_temperature,
    load_digit_image,
    load_mnist,
    load_reference_model,
    mix_digits,
    scrub_training,
)
from scipy import ndimage, optimize, spatial, stats
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix

RNG = np.random.default_rng(0)
_, (IMAGES, LABELS) = load_mnist()
IMAGES, LABELS = IMAGES[:400], LABELS[:400]
LOGITS = (RNG.normal(size=(400, 10)) + 3 * np.eye(10)[LABELS]).astype(np.float16).astype(float)
STEPS, WEIGHTS = [0, 10, 100], RNG.normal(size=(3, 784, 10))
GRID = product([32, 64, 128, 256], [0.0003, 0.001, 0.003, 0.01], range(3))
RUNS = pd.DataFrame(GRID, columns=["batch", "rate", "seed"])
RUNS["accuracy"] = (RNG.permutation(len(RUNS)) + 9700) / 10_000
HISTORY = {"loss": [2.3, 0.5, 0.25], "accuracy": [0.1, 0.875, 0.925]}
PLANES = {"first": RNG.normal(size=(400, 2)), "second": RNG.normal(size=(400, 2)) + LOGITS[:, :2]}
MAKE = {
    "confusion": lambda: explore_confusion(IMAGES, LABELS, softmax(LOGITS, axis=1)),
    "mix": lambda: mix_digits(IMAGES[:5], LABELS[:5]),
    "scrub": lambda: scrub_training(STEPS, WEIGHTS, HISTORY),
    "temperature": lambda: explore_temperature(LOGITS, LABELS),
    "boundary": explore_boundary,
    "drag": lambda: drag_digit(IMAGES[:4]),
    "optimizers": explore_optimizers,
    "embedding": lambda: explore_embedding(IMAGES, LABELS, LOGITS.argmax(axis=1), PLANES),
    "search": lambda: explore_search(RUNS),
    "kernel": edit_kernel,
}


@pytest.fixture
def page(browser):
    """Return a page on which nothing may fail, and which may be touched."""
    page = browser.new_page(viewport={"width": 1000, "height": 900}, has_touch=True)
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


@pytest.mark.parametrize("name", ["cnn_augmented", "mlp_plain"])
def test_the_bars_are_what_keras_predicts_of_the_transformed_image(page, name):
    model, is_default = load_rounded_model(name), name == "cnn_augmented"
    given = None if is_default else load_reference_model(name)
    open_figure(page, drag_digit(IMAGES[:4], given))
    changes = [
        {"right": 0, "down": 0, "scale": 1, "angle": 0, "isInverted": False},
        {"right": 4, "down": -3, "scale": 1, "angle": 0, "isInverted": False},
        {"right": 0, "down": 2, "scale": 0.7, "angle": 35, "isInverted": False},
        {"right": -2, "down": 0, "scale": 1.2, "angle": -60, "isInverted": True},
    ]
    images, probabilities = page.evaluate(
        """async (changes) => {
            const { loadNetwork, runNetwork } = await import('/shared.js');
            const network = loadNetwork(values.layers, values.weights);
            const source = Float32Array.from(new Uint8Array(values.images.buffer, 0, 784));
            const images = changes.map((c) => module.transform(source.map((v) => v / 255), c));
            const bars = images.map((image) => runNetwork(network, image).probabilities);
            return [images, bars].map((rows) => rows.map((row) => [...row]));
        }""",
        changes,
    )
    images = np.reshape(images, (-1, *model.input_shape[1:])).astype(np.float32)
    expected = model.predict(images, verbose=0)
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    if is_default:
        expect(page.get_by_role("radio", name="7")).to_be_checked()  # the first image
    page.get_by_role("application").focus()
    for key in ["Shift+ArrowRight", *3 * ["ArrowUp"]]:
        page.keyboard.press(key)
    heights = page.locator(".digits-track span").evaluate_all("all => all.map(e => e.style.height)")
    percent = [float(height.removesuffix("%")) for height in heights]
    np.testing.assert_allclose(percent, 100 * expected[1], rtol=0, atol=1)


OPTIMIZERS = {
    "SGD": lambda s: keras.optimizers.SGD(s["rate"]),
    "momentum": lambda s: keras.optimizers.SGD(s["rate"], momentum=s["momentum"]),
    "Adam": lambda s: keras.optimizers.Adam(s["adam_rate"], beta_1=s["momentum"]),
}


@pytest.mark.parametrize("surface", ["narrow valley", "curved valley", "two minima"])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_paths_are_those_of_keras_optimizers(page, surface, momentum):
    figure = explore_optimizers(surface)
    open_figure(page, figure)
    terms, start = (figure.surfaces[surface][key] for key in ("terms", "start"))
    settings = {"rate": 0.05, "adam_rate": 0.1, "momentum": momentum}
    given = [terms, start, settings]
    paths = page.evaluate("([terms, start, s]) => module.descend(terms, start, s, 60)", given)
    for name, make in OPTIMIZERS.items():
        weights = keras.Variable(start, dtype="float64")
        optimizer = make(settings)
        expected = [start]
        for _ in range(60):
            with tf.GradientTape() as tape:
                w1, w2 = tf.unstack(weights.value)
                loss = sum(c * w1**i * w2**j for i, j, c in terms)
            optimizer.apply([tape.gradient(loss, weights.value)], [weights])
            expected.append(weights.numpy())
        np.testing.assert_allclose(paths[name], expected, rtol=0, atol=1e-5)


def test_the_start_is_dragged_and_moved_by_keys_and_the_table_follows(page):
    open_figure(page, MAKE["optimizers"]())
    plot = page.get_by_role("application")
    with_mouse(page, [[middle(plot), middle(plot, 0.75, 0.25)]])
    expect(plot).to_have_attribute("aria-label", re.compile(r"w1 = 1\.00, w2 = 1\.00\."))
    plot.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    expect(plot).to_have_attribute("aria-label", re.compile(r"w1 = 0\.90, w2 = 0\.98\."))
    page.get_by_role("slider", name="Step").fill("0")
    expect(page.locator(".optimizers-table")).to_contain_text("After 0 steps")
    rows = page.locator(".optimizers-table tbody tr").all_inner_texts()
    loss = 0.02 * 0.9**2 + 0.98**2
    assert [row.split() for row in rows] == [
        [name, f"{loss:.4f}", "0.90", "0.98"] for name in ("SGD", "Momentum", "Adam")
    ]
    page.get_by_role("button", name="Reset").click()
    expect(plot).to_have_attribute("aria-label", re.compile(r"w1 = −1\.80, w2 = 1\.20\."))


def test_too_large_a_learning_rate_is_said_to_diverge(page):
    open_figure(page, MAKE["optimizers"]())
    page.get_by_label("Learning rate of SGD and momentum").focus()
    page.keyboard.press("End")
    expect(page.locator(".boundary-note")).to_contain_text("SGD and momentum diverged")
    expect(page.locator(".optimizers-table tbody tr").first).to_contain_text("diverged")


def test_a_finger_drags_the_start_and_the_page_stays(page):
    page.set_viewport_size({"width": 390, "height": 700})
    open_figure(page, MAKE["optimizers"]())
    plot = page.get_by_role("application")
    plot.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    with_finger(page, [[middle(plot), middle(plot, 0.4, 0.4), middle(plot, 0.25, 0.75)]])
    expect(plot).to_have_attribute("aria-label", re.compile(r"w1 = −1\.00, w2 = −1\.00\."))
    assert page.evaluate("scrollY") == before


def test_the_steps_are_played_and_without_motion_go_one_by_one(page):
    open_figure(page, MAKE["optimizers"]())
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".optimizers-table")).to_contain_text(re.compile(r"After [4-9] steps"))
    page.get_by_role("button", name="Pause").click()
    page.emulate_media(reduced_motion="reduce")
    open_figure(page, MAKE["optimizers"]())
    for step in ("1 step", "2 steps"):
        page.get_by_role("button", name="Next step").press("Enter")
        page.wait_for_timeout(150)
        expect(page.locator(".optimizers-table caption")).to_have_text(f"After {step}")


def test_what_a_random_search_expects_is_what_many_searches_find(page):
    open_figure(page, MAKE["search"]())
    accuracies = 100 * RUNS["accuracy"].to_numpy()
    others = page.evaluate("([v, n]) => module.meanOfOthers(v, n)", [accuracies.tolist(), 3])
    sums = accuracies.reshape(-1, 3).sum(axis=1).repeat(3)
    np.testing.assert_allclose(others, (sums - accuracies) / 2, atol=1e-9)
    expected = page.evaluate(
        "([v, o]) => module.expectBest(v, o, 5)", [accuracies.tolist(), others]
    )
    draws = np.random.default_rng(1).integers(len(RUNS), size=(200_000, 5))
    for runs in range(1, 6):
        best = draws[np.arange(len(draws)), accuracies[draws[:, :runs]].argmax(axis=1)]
        assert expected[runs - 1]["best"] == pytest.approx(accuracies[best].mean(), abs=2e-3)
        assert expected[runs - 1]["fresh"] == pytest.approx(np.take(others, best).mean(), abs=2e-3)


def test_a_search_shows_the_stored_runs_and_ends_after_ten(page):
    open_figure(page, MAKE["search"]())
    percent = 100 * RUNS["accuracy"].to_numpy().reshape(-1, 3)
    cells, status = page.get_by_role("gridcell"), page.locator(".search-status")
    cells.nth(0).click()
    expect(status).to_contain_text(f"learning rate 0.0003 reaches {percent[0, 0]:.2f} %")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(cells.nth(5)).to_be_focused()
    expect(status).to_contain_text(
        f"Run 2 of 10: batch size 64, learning rate 0.001 reaches {percent[5, 0]:.2f} %"
    )
    page.keyboard.press(" ")
    label = f"batch size 64, learning rate 0.001: {percent[5, :2].mean():.2f} %, mean of 2 runs"
    expect(cells.nth(5)).to_have_attribute("aria-label", re.compile(re.escape(label)))
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(status).to_contain_text("All three stored runs")
    chance = page.get_by_role("button", name="Train a random setting")
    for _ in range(6):
        chance.click()
    expect(chance).to_be_disabled()
    shown = [label for label in labels_of(cells) if "not trained" not in label]
    assert len(shown) == 8
    [best] = [label for label in labels_of(cells) if "your best run" in label]
    name = best.partition(":")[0]
    expect(status).to_contain_text(f"with {name}. The other runs of this setting")
    page.get_by_role("button", name="Show all").click()
    means = [float(re.search(r": (\S+) %, mean of 3", label)[1]) for label in labels_of(cells)]
    np.testing.assert_allclose(means, percent.mean(axis=1), atol=0.0051)
    page.get_by_role("button", name="Start again").click()
    expect(status).to_contain_text("You have 10 runs")
    assert all("not trained" in label for label in labels_of(cells))


def labels_of(cells):
    return cells.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")


def test_a_finger_trains_a_setting(page):
    page.set_viewport_size({"width": 390, "height": 700})
    open_figure(page, MAKE["search"]())
    page.get_by_role("gridcell").nth(6).tap()
    expect(page.locator(".search-status")).to_contain_text(
        "Run 1 of 10: batch size 64, learning rate 0.003"
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("pool", [False, True])
def test_the_feature_map_is_that_of_keras(page, padding, stride, relu, pool):
    open_figure(page, MAKE["kernel"]())
    layers = [
        keras.layers.Conv2D(
            1, 3, stride, padding, activation="relu" if relu else None, use_bias=False
        ),
        *[keras.layers.MaxPooling2D()] * pool,
    ]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    settings = {"padding": padding, "stride": stride, "relu": relu, "pool": pool}
    for kernel in RNG.uniform(-2, 2, size=(3, 9)):
        model.set_weights([kernel.reshape(3, 3, 1, 1)])
        images = IMAGES[:5, :, :, None] / 255
        given = [images.reshape(5, 784).tolist(), kernel.tolist(), settings]
        maps = page.evaluate(
            "([images, k, s]) => images.map((image) => [...module.respond(image, k, s)])", given
        )
        expected = model.predict(images, verbose=0).reshape(5, -1)
        np.testing.assert_allclose(maps, expected, rtol=0, atol=1e-5)


def test_a_weight_is_edited_and_a_preset_brings_it_back(page):
    open_figure(page, MAKE["kernel"]())
    weight = page.get_by_label("Weight in row 2, column 3")
    expect(weight).to_have_value("2")
    weight.fill("-3")
    assert page.evaluate("values.weights_now") == [-1, 0, 1, -2, 0, -3, -1, 0, 1]
    expect(page.get_by_role("radio", name="left edges")).not_to_be_checked()
    page.get_by_role("radio", name="blur").click()
    assert page.evaluate("values.weights_now") == pytest.approx([0.1] * 4 + [0.2] + [0.1] * 4)
    expect(weight).to_have_value("0.1")


def test_a_position_of_the_feature_map_is_chosen_by_keys_and_its_sum_is_right(page):
    figure = MAKE["kernel"]()
    open_figure(page, figure)
    page.get_by_role("radio", name="same").click()
    target = page.get_by_role("application", name="Feature map.")
    expect(page.locator(".kernel-picture figcaption").last).to_have_text("feature map, 28 × 28")
    target.focus()
    for key in ["ArrowUp", *3 * ["ArrowRight"]]:  # from the middle, row and column 15
        page.keyboard.press(key)
    image = load_digit_image(np.frombuffer(figure.drawing, np.uint8).reshape(140, 140))
    expected = ndimage.correlate(image, figure.kernel, mode="constant")[13, 17]
    expect(page.locator(".digits-card-title")).to_have_text("Row 14, column 18 of the feature map")
    text = page.locator(".digits-card p").inner_text().replace("−", "-")
    assert float(re.search(r"sum to (\S+)\.$", text)[1]) == pytest.approx(expected, abs=0.03)


def test_with_pooling_the_card_shows_the_window_that_was_kept(page):
    open_figure(page, MAKE["kernel"]())
    page.get_by_label("ReLU").check()
    page.get_by_label("Max pooling 2 × 2").check()
    expect(page.locator(".kernel-picture figcaption").last).to_have_text("feature map, 13 × 13")
    label = page.get_by_role("application", name="Feature map.").get_attribute("aria-label")
    value = float(re.search(r": (\S+)\. Arrow", label)[1])
    assert f"ReLU gives {value:g}." in page.locator(".digits-card p").inner_text()


def middle(locator, x=0.5, y=0.5):
    """Return a point of an element, in the coordinates of the page; by default its middle."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return np.array([box["x"] + x * box["width"], box["y"] + y * box["height"]])


def test_center_by_mass_moves_the_center_of_mass_to_the_middle(page):
    open_figure(page, MAKE["drag"]())
    digit = page.get_by_role("application")
    with_mouse(page, [[middle(digit), middle(digit, 0.7, 0.3)]])
    page.get_by_label("Scale").fill("0.8")
    page.get_by_role("button", name="Center by mass").click()
    dot = middle(page.locator(".drag-mass")) - middle(digit)
    pixel = digit.bounding_box()["width"] / 28
    # MNIST's middle is between the pixels 13 and 14; shifts are of whole pixels
    assert np.abs(dot / pixel - 0.5).max() <= 0.51


def test_play_goes_through_the_steps_and_pauses(page):
    steps = range(60)
    curve = np.linspace(1, 0, 60)
    history = {"loss": curve, "accuracy": 1 - curve}
    open_figure(page, scrub_training(steps, RNG.normal(size=(60, 784, 10)), history))
    status = page.locator(".scrub-status")
    expect(status).to_contain_text("Step 59:")
    page.get_by_role("button", name="Play").click()
    expect(status).to_contain_text(re.compile(r"Step ([3-9]|[1-4]\d):"))
    page.get_by_role("button", name="Pause").click()
    paused = status.inner_text()
    page.wait_for_timeout(400)
    assert status.inner_text() == paused
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_without_motion_a_press_is_one_step(page):
    page.emulate_media(reduced_motion="reduce")
    open_figure(page, MAKE["scrub"]())
    following = page.get_by_role("button", name="Next step")
    for step in (0, 10, 100, 0):
        following.press("Enter")
        page.wait_for_timeout(250)
        expect(page.locator(".scrub-status")).to_contain_text(f"Step {step}:")


def test_a_dropout_mask_is_drawn_by_keyboard_and_anew_at_each_step(page):
    open_figure(page, MAKE["boundary"]())
    page.get_by_label("Dropout rate").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    diagram = page.locator(".boundary-diagram")
    masks = set()
    for _ in range(4):
        page.get_by_role("button", name="One step").press("Enter")
        masks.add(
            diagram.locator("circle").evaluate_all("all => all.map(e => e.classList.value).join()")
        )
        dropped = diagram.locator(".is-cross").count()
        label = f"; {8 - dropped} of 8 hidden units are kept in this step"
        assert diagram.get_attribute("aria-label").endswith(label)
    assert len(masks) > 1
    assert any("is-dropped" in mask for mask in masks)


def test_a_finger_moves_the_digit_and_the_page_stays(page):
    page.set_viewport_size({"width": 390, "height": 700})
    open_figure(page, MAKE["drag"]())
    digit = page.get_by_role("application")
    pixel = digit.bounding_box()["width"] / 28
    start = middle(digit)
    with_finger(page, [[start, *(start + pixel * np.array([[2, 1], [5, 3]]))]])
    expect(page.locator(".drag-left p")).to_contain_text("Moved 5 px right, 3 px down")
    assert page.evaluate("scrollY") == 0


def test_a_finger_opens_a_cell_of_the_matrix(page):
    page.set_viewport_size({"width": 390, "height": 700})
    open_figure(page, MAKE["confusion"]())
    page.get_by_role("gridcell").nth(23).tap()
    expect(page.get_by_role("status")).to_contain_text("True 2, predicted 3:")


def test_a_finger_pulls_the_slider_through_the_training(page):
    page.set_viewport_size({"width": 390, "height": 700})
    open_figure(page, MAKE["scrub"]())
    slider = page.get_by_role("slider")
    with_finger(page, [[middle(slider, x) for x in (0.97, 0.8, 0.5)]])
    expect(page.locator(".scrub-status")).to_contain_text("Step 10:")
    page.touchscreen.tap(*middle(slider, 0.02))
    expect(page.locator(".scrub-status")).to_contain_text("Step 0:")


def test_a_finger_reads_a_pixel_and_blends(page):
    page.set_viewport_size({"width": 390, "height": 700})
    open_figure(page, MAKE["mix"]())
    image = page.get_by_role("application")
    page.touchscreen.tap(*middle(image, 20.5 / 28, 6.5 / 28))
    expect(page.locator(".mix-formula")).to_contain_text("Row 6, column 20:")
    slider = page.get_by_role("slider", name="Blend")
    with_finger(page, [[middle(slider, x) for x in (0.5, 0.3, -0.1)]])
    expect(page.locator(".mix-formula")).to_contain_text("1.00 × ")
    page.locator(".digits-toggle").tap()
    expect(page.get_by_role("checkbox")).to_be_checked()


def on_plane(page, figure, image, plane=0):
    """Return where an image is drawn in the page."""
    points = np.frombuffer(figure.points, "<f4").reshape(-1, 400, 2).astype(float)
    box = page.get_by_role("application").bounding_box()
    inner = box["width"] - 28  # 14 pixels of margin
    x, y = points[plane, image]
    return np.array([box["x"] + 14 + x * inner, box["y"] + 14 + (1 - y) * inner])


def test_neighbors_in_a_plane_are_those_of_scipy(page):
    figure = MAKE["embedding"]()
    open_figure(page, figure)
    points = np.frombuffer(figure.points, "<f4").reshape(2, 400, 2)[1]
    given = [points.ravel().tolist(), LABELS.tolist()]
    near, first, fraction = page.evaluate(
        "([p, y]) => [y.map((_, i) => module.neighbors(p, i, 5)), "
        "y.map((_, i) => module.nearest(p, p[2 * i] + 1e-6, p[2 * i + 1])), "
        "module.agreement(p, y)]",
        given,
    )
    expected = spatial.cKDTree(points).query(points, 6)[1]
    np.testing.assert_array_equal(near, expected[:, 1:])
    np.testing.assert_array_equal(first, np.arange(400))
    assert fraction == np.mean(LABELS[expected[:, 1]] == LABELS)
    assert figure._agreement(points) == fraction


def test_mouse_and_keys_move_through_an_embedding(page):
    figure = MAKE["embedding"]()
    open_figure(page, figure)
    wrong = np.flatnonzero(LOGITS.argmax(axis=1) != LABELS)
    status = page.get_by_role("status")
    expect(status).to_contain_text(f"Image {wrong[0]}, label {LABELS[wrong[0]]}, predicted")
    page.get_by_role("button", name="Next misclassified").click()
    expect(status).to_contain_text(f"Image {wrong[1]}, label")
    middle(page.get_by_role("application"))  # in sight
    page.mouse.move(*on_plane(page, figure, 77))
    expect(status).to_contain_text(f"Image 77, label {LABELS[77]}, ")
    assert page.locator(".embedding-neighbors li").count() == 5
    page.get_by_role("application").focus()
    page.keyboard.press("End")
    expect(status).to_contain_text("Image 399,")
    page.keyboard.press("Home")
    points = np.frombuffer(figure.points, "<f4").reshape(2, 400, 2)[0].astype(float)
    right, up = (points - points[0]).T
    ahead = np.flatnonzero((right > 0) & (np.abs(up) <= right))
    step = ahead[np.hypot(right, up)[ahead].argmin()]
    page.keyboard.press("ArrowRight")
    expect(status).to_contain_text(f"Image {step}, label")


def test_in_another_plane_the_same_image_has_other_neighbors(page):
    page.emulate_media(reduced_motion="reduce")
    figure = MAKE["embedding"]()
    open_figure(page, figure)
    middle(page.get_by_role("application"))
    page.mouse.move(*on_plane(page, figure, 5))
    page.get_by_role("radio", name="second").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Image 5, label")
    points = np.frombuffer(figure.points, "<f4").reshape(2, 400, 2)[1]
    near = spatial.cKDTree(points).query(points[5], 6)[1][1:]
    shown = page.locator(".embedding-neighbors canvas").evaluate_all(
        "all => all.map(e => e.getAttribute('aria-label'))"
    )
    assert [text.split(",")[0] for text in shown] == [f"Image {i}" for i in near]
    page.get_by_role("application").scroll_into_view_if_needed()
    page.mouse.move(*on_plane(page, figure, 123, plane=1))
    expect(page.get_by_role("status")).to_contain_text("Image 123, label")


def test_a_finger_chooses_a_point_of_an_embedding(page):
    page.set_viewport_size({"width": 390, "height": 700})
    figure = MAKE["embedding"]()
    open_figure(page, figure)
    page.touchscreen.tap(*on_plane(page, figure, 42))
    expect(page.get_by_role("status")).to_contain_text("Image 42, label")


@pytest.mark.parametrize("name", MAKE)
def test_axe_finds_nothing_in_light_and_dark(page, name):
    open_figure(page, MAKE[name]())
    for scheme in ("light", "dark"):
        use_scheme(page, scheme)
        assert_accessible(page)


@pytest.mark.parametrize("name", MAKE)
def test_at_320_pixels_nothing_is_cut_and_damaged_state_gives_a_sentence(page, name):
    page.set_viewport_size({"width": 320, "height": 800})
    figure = MAKE[name]()
    open_figure(page, figure)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    damage = {"scrub": "templates", "temperature": "logits", "boundary": "moons"}
    damage |= {"optimizers": "surfaces", "search": "accuracies", "kernel": "drawing"}
    open_figure(page, figure, [damage.get(name, "images")])
    expect(page.get_by_role("alert")).to_contain_text("its data are missing or damaged")
