"""What the page computes, without a kernel, is what Keras and `load_digit_image` compute."""

import base64

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pytest
from bare_host import open_figure
from chromium import with_mouse
from digits_helpers import (
    draw_digit,
    load_digit_image,
    load_mnist,
    load_reference_model,
)
from digits_helpers.explorables.networks import pack_model
from PIL import Image, ImageDraw

RUN = """async ([layers, weights, images, isDrawn]) => {
    const {loadNetwork, readDrawing, runNetwork} = await import('/shared.js');
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt());
    const network = loadNetwork(layers, new DataView(bytes(weights).buffer));
    const all = bytes(images), size = isDrawn ? 140 * 140 : 4 * 784;
    return Array.from({length: all.length / size}, (_, i) => {
        const part = all.slice(i * size, (i + 1) * size);
        const image = isDrawn ? readDrawing(part).image : new Float32Array(part.buffer);
        return Array.from(runNetwork(network, image).probabilities);
    });
}"""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    open_figure(page, draw_digit())
    yield page
    page.close()


def encode(data):
    return base64.b64encode(data).decode("ascii")


def in_the_page(page, model, images):
    """Return the probabilities that the page computes for float32 images or uint8 drawings."""
    layers, weights = pack_model(model)
    is_drawn = images.dtype == np.uint8
    return np.array(
        page.evaluate(RUN, [layers, encode(weights), encode(images.tobytes()), is_drawn])
    )


def with_every_layer():
    """Return a network with all that the page knows, its weights and statistics random."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(5, (5, 3), strides=2, activation="tanh"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(3, strides=2, padding="same"),
            layers.Dropout(0.5),
            layers.Conv2D(7, 3, strides=(2, 1), padding="same", activation="relu"),
            layers.BatchNormalization(scale=False),
            layers.Conv2D(6, 2, use_bias=False),
            layers.BatchNormalization(center=False),
            layers.ReLU(),
            layers.Reshape((-1,)),
            layers.Dense(20, activation="sigmoid"),
            layers.Dense(10),
            layers.Softmax(),
        ]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape) - 0.3 * (w.ndim > 1) for w in model.weights])
    return model


@pytest.mark.parametrize(
    "name", ["single_layer", "mlp_small", "mlp_plain", "cnn", "cnn_augmented", "every layer"]
)
def test_the_page_computes_the_probabilities_of_keras(page, name):
    model = with_every_layer() if name == "every layer" else load_reference_model(name)
    images = (load_mnist()[1][0][:50] / 255).astype(np.float32)
    expected = model.predict(images.reshape(50, *model.input_shape[1:]), verbose=0)
    np.testing.assert_allclose(in_the_page(page, model, images), expected, rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def drawings(hand):
    """Draw 200 digits of 200 writers, at several sizes and positions: uint8 (200, 140, 140)."""
    rng, drawn = np.random.default_rng(0), []
    for index in range(200):
        kind = "broken" if index % 10 in (0, 3, 4, 5, 7, 8, 9) and index % 4 == 0 else "usual"
        size, at = rng.uniform(0.3, 0.85), rng.uniform(0.45, 0.55, 2)
        image = Image.new("L", (560, 560))
        pen = ImageDraw.Draw(image)
        for path in hand(index % 10, index, kind):
            points = [tuple(560 * ((point - 0.5) * size + at)) for point in path]
            pen.line(points, fill=255, width=45)
            for x, y in points:
                pen.ellipse([x - 22, y - 22, x + 22, y + 22], fill=255)
        drawn.append(np.asarray(image.resize((140, 140), Image.Resampling.BOX)))
    return np.stack(drawn)


def test_a_drawing_is_read_in_the_page_as_python_reads_it(page, drawings):
    model = load_reference_model("cnn_augmented")
    images = np.stack([load_digit_image(drawing) for drawing in drawings])
    expected = model.predict(images, verbose=0)
    computed = in_the_page(page, model, drawings)
    np.testing.assert_array_equal(computed.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(computed, expected, rtol=0, atol=0.01)
    assert np.mean(expected.argmax(axis=1) == np.arange(200) % 10) > 0.95


def test_what_is_drawn_with_the_mouse_is_what_python_gets_and_reads(page, hand):
    model = load_reference_model("cnn_augmented")
    for digit in range(10):
        page.get_by_role("button", name="Clear the drawing").click()
        box = page.get_by_role("application").bounding_box()
        origin, side = np.array([box["x"], box["y"]]), box["width"]
        with_mouse(page, [origin + ((path - 0.5) * 0.7 + 0.5) * side for path in hand(digit)])
        sent = page.evaluate("Array.from(new Uint8Array(window.values.drawing.buffer))")
        drawing = np.array(sent, np.uint8).reshape(140, 140)
        expected = model.predict(load_digit_image(drawing)[None], verbose=0)[0]
        shown = page.locator(".digits-bars li.is-largest")
        assert int(shown.locator(".digits-name").inner_text()) == expected.argmax() == digit
        heights = page.locator(".digits-track span").evaluate_all(
            "all => all.map(e => e.style.height)"
        )
        percent = [float(height.removesuffix("%")) for height in heights]
        np.testing.assert_allclose(percent, 100 * expected, rtol=0, atol=1)
