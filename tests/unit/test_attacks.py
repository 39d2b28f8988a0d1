"""Gradients with respect to pixels, and the search for the smallest change."""

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pytest
from digits_helpers import load_reference_model, load_split, pixel_gradients, smallest_change


@pytest.fixture(scope="module")
def linear():
    """Return a single layer of random weights, and images far from black and white."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax", bias_initializer="random_normal"),
        ]
    )
    images = np.random.default_rng(0).uniform(0.45, 0.55, (20, 28, 28)).astype(np.float32)
    return model, images


@pytest.fixture(scope="module")
def small():
    """Return a network with a hidden layer, and validation images that it predicts correctly."""
    model = load_reference_model("mlp_small")
    _, (images, labels), _ = load_split()
    images, labels = images[:60], labels[:60]
    right = model.predict(images, verbose=0).argmax(axis=1) == labels
    return model, images[right], labels[right]


def lengths(changes):
    return np.sqrt(np.sum(np.square(changes, dtype=float), axis=(1, 2)))


def test_the_gradient_of_a_linear_logit_is_its_template(linear):
    model, images = linear
    kernel, bias = model.get_weights()
    labels = np.arange(20) % 10
    values, gradients = pixel_gradients(model, images, labels)
    logits = images.reshape(20, 784) @ kernel + bias
    np.testing.assert_allclose(values, logits[np.arange(20), labels], atol=1e-4)
    np.testing.assert_allclose(gradients, kernel.T[labels].reshape(20, 28, 28), atol=1e-6)
    others = np.where(np.eye(10, dtype=bool)[labels], -np.inf, logits)
    margins, gradients = pixel_gradients(model, images, labels, of="margin")
    np.testing.assert_allclose(margins, values - others.max(axis=1), atol=1e-4)
    expected = (kernel.T[labels] - kernel.T[others.argmax(axis=1)]).reshape(20, 28, 28)
    np.testing.assert_allclose(gradients, expected, atol=1e-6)


def test_the_gradient_agrees_with_finite_differences(small):
    model, images, labels = small
    _, gradients = pixel_gradients(model, images[:3], labels[:3])
    rng, step = np.random.default_rng(1), 1e-2
    for row, column in rng.integers(6, 22, (6, 2)):
        ends = []
        for sign in (1, -1):
            moved = images[:3].copy()
            moved[:, row, column] += sign * step
            ends.append(pixel_gradients(model, moved, labels[:3])[0])
        found = (ends[0] - ends[1]) / (2 * step)
        # a unit may switch on or off within the step: then the two differ a little
        np.testing.assert_allclose(found, gradients[:, row, column], atol=0.05)


def test_for_a_linear_model_the_change_is_the_distance_to_the_nearest_boundary(linear):
    model, images = linear
    kernel, bias = model.get_weights()
    logits = images.reshape(20, 784) @ kernel + bias
    labels = logits.argmax(axis=1)
    changes = smallest_change(model, images, labels)
    rows = np.arange(20)
    margins = logits[rows, labels][:, None] - logits
    normals = np.linalg.norm(kernel.T[labels][:, None] - kernel.T[None], axis=2)
    distances = np.where(margins > 0, margins / np.maximum(normals, 1e-9), np.inf).min(axis=1)
    found = lengths(changes)
    assert np.all(found >= distances * 0.999)
    assert np.median(found / distances) < 1.03  # of the runner-up; another class may be nearer
    flipped = model.predict(images + changes, verbose=0).argmax(axis=1)
    assert np.all(flipped != labels)


def test_every_changed_digit_is_an_image_and_is_misread(small):
    model, images, labels = small
    changes = smallest_change(model, images, labels)
    changed = images + changes
    assert changes.shape == images.shape
    assert changes.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert np.all(model.predict(changed, verbose=0).argmax(axis=1) != labels)
    shorter = model.predict(images + 0.9 * changes, verbose=0).argmax(axis=1)
    assert np.mean(shorter == labels) > 0.9  # hardly any way back to the image is shorter


def test_projected_gradient_descent_finds_hardly_any_smaller_change(small):
    """Madry et al. (2018): along the gradient, back onto a sphere, fifty times."""
    model, images, labels = small
    largest = 0.9 * lengths(smallest_change(model, images, labels))[:, None, None]
    change, is_flipped = np.zeros_like(images), np.zeros(len(images), bool)
    for _ in range(50):
        margins, gradients = pixel_gradients(model, images + change, labels, "margin")
        is_flipped |= margins < 0
        change -= 0.1 * largest * gradients / lengths(gradients)[:, None, None]
        change *= np.minimum(1, largest / np.maximum(lengths(change)[:, None, None], 1e-9))
        change = np.clip(images + change, 0, 1) - images
    assert is_flipped.mean() < 0.1


def test_what_is_misread_already_is_not_changed(small):
    model, images, labels = small
    changes = smallest_change(model, images[:5], (labels[:5] + 1) % 10)
    np.testing.assert_array_equal(changes, 0)


def test_other_models_and_other_words_are_refused(small):
    model, images, labels = small
    headless = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="expected a dense layer with softmax at the end"):
        pixel_gradients(headless, images, labels)
    with pytest.raises(ValueError, match="expected 'logit' or 'margin' as of, got 'loss'"):
        pixel_gradients(model, images, labels, of="loss")
