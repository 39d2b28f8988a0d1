"""What Python stores for the figures of data; the page is tested in ``browser/``."""

import base64
import json
import zlib
from itertools import product

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from digits_helpers import (
    drag_digit,
    edit_kernel,
    explore_boundary,
    explore_confusion,
    explore_embedding,
    explore_optimizers,
    explore_search,
    explore_temperature,
    load_mnist,
    mix_digits,
    scrub_training,
)
from digits_helpers.explorables.optimizers import SURFACES, descend, differentiate, evaluate
from digits_helpers.explorables.search import expect_best
from scipy import optimize
from scipy.spatial import distance
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix


@pytest.fixture(scope="module")
def digits():
    _, (images, labels) = load_mnist()
    return images[:600], labels[:600]


@pytest.fixture(scope="module")
def logits(digits):
    """Logits that are right for about nine images of ten."""
    labels = digits[1]
    noise = np.random.default_rng(0).normal(size=(len(labels), 10))
    return (noise + 3.2 * np.eye(10)[labels]).astype(np.float32)


def training(steps=5, *, keys=("loss", "accuracy")):
    rng = np.random.default_rng(1)
    weights = np.cumsum(rng.normal(size=(steps, 784, 10)), axis=0)
    history = {key: np.linspace(0.9, 0.1, steps) for key in keys}
    return [10 * step for step in range(steps)], weights, history


def planes(logits):
    """Return predictions, and two planes in which the digits are more or less apart."""
    angle = 2 * np.pi * logits.argmax(axis=1) / 10
    noise = np.random.default_rng(3).normal(size=(len(logits), 2))
    circle = np.column_stack([3 * np.cos(angle), np.sin(angle)])
    return logits.argmax(axis=1), {"circle": circle + 0.1 * noise, "cloud": circle + noise}


def searched(seeds=3):
    """Return runs of 2 x 3 settings, of which no two have the same accuracy."""
    settings = product([32, 128], [0.001, 0.01, 0.1], range(seeds))
    runs = pd.DataFrame(settings, columns=["batch", "rate", "seed"])
    return runs.assign(accuracy=np.random.default_rng(3).permutation(len(runs)) / 100)


@pytest.fixture(scope="module")
def figures(digits, logits):
    images, labels = digits
    return {
        "explore_confusion": explore_confusion(images, labels, softmax(logits, axis=1)),
        "mix_digits": mix_digits(images[:10], labels[:10]),
        "scrub_training": scrub_training(*training()),
        "explore_temperature": explore_temperature(logits, labels),
        "explore_boundary": explore_boundary(),
        "drag_digit": drag_digit(images[:5]),
        "explore_optimizers": explore_optimizers(),
        "explore_embedding": explore_embedding(images, labels, *planes(logits)),
        "explore_search": explore_search(searched()),
        "edit_kernel": edit_kernel(),
    }


NAMES = [
    "explore_confusion",
    "mix_digits",
    "scrub_training",
    "explore_temperature",
    "explore_boundary",
    "drag_digit",
    "explore_optimizers",
    "explore_embedding",
    "explore_search",
    "edit_kernel",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_one_output_with_still_picture_description_and_state(figures, name):
    data, metadata = figures[name]._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == metadata["image/png"]["alt"]
    assert len(data["text/plain"]) > 80
    assert metadata["image/png"]["shapes"]
    assert metadata["explorable"]["module"] == name
    assert len(json.dumps(metadata["explorable"])) + len(data["image/png"]) < 400_000


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_gives_the_same_output(figures, name):
    outputs = [figures[name]._repr_mimebundle_() for _ in range(2)]
    for data, _ in outputs:
        data.pop("application/vnd.jupyter.widget-view+json", None)
    assert outputs[0] == outputs[1]
    assert repr(figures[name]) == f"<{name}>"


def unpack(figure, name, dtype):
    stored = figure.state()[name]["bytes"]
    return np.frombuffer(zlib.decompress(base64.b64decode(stored)), dtype)


def test_the_misclassified_images_are_stored_most_confident_first(figures, digits, logits):
    images, labels = digits
    figure = figures["explore_confusion"]
    positions = unpack(figure, "positions", "<u4")
    predictions = logits.argmax(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    stored = positions[: len(wrong)]
    assert set(stored) == set(wrong)
    confidences = softmax(logits, axis=1).max(axis=1)
    assert np.all(np.diff(confidences[stored]) <= 0)
    np.testing.assert_allclose(unpack(figure, "confidences", "<f4"), confidences[positions])
    pixels = unpack(figure, "images", np.uint8).reshape(-1, 28, 28)
    np.testing.assert_array_equal(pixels, images[positions])
    right = positions[len(wrong) :]
    assert np.array_equal(predictions[right], labels[right])
    assert np.bincount(labels[right], minlength=10).tolist() == [10] * 10
    stored_matrix = confusion_matrix(
        unpack(figure, "labels", np.uint8), unpack(figure, "predictions", np.uint8)
    )
    np.testing.assert_array_equal(stored_matrix, confusion_matrix(labels, predictions))


def test_of_very_many_errors_the_most_confident_are_stored():
    rng = np.random.default_rng(2)
    probabilities = softmax(rng.normal(size=(2000, 10)), axis=1)
    figure = explore_confusion(
        np.zeros((2000, 28, 28), np.uint8), np.zeros(2000, int), probabilities
    )
    positions = np.frombuffer(figure.positions, "<u4")
    right = int((probabilities.argmax(axis=1) == 0).sum())
    assert len(positions) == 800 + min(10, right)
    confidences = probabilities.max(axis=1)
    wrong = confidences[probabilities.argmax(axis=1) != 0]
    assert confidences[positions[:800]].min() == np.sort(wrong)[-800]


def test_a_model_without_an_error_is_shown_too(digits):
    images, labels = digits
    figure = explore_confusion(images, labels, np.eye(10)[labels])
    assert "0 of them misclassified" in figure.describe()
    figure.draw()


def test_images_from_0_to_1_are_stored_as_they_were(digits):
    images, labels = digits[0][:4], digits[1][:4]
    for given in (images, images / 255, np.float32(images / 255)[..., None]):
        assert mix_digits(given, labels).images == images.tobytes()


def test_templates_are_stored_to_a_254th_of_their_range_and_add_up():
    steps, weights, history = training()
    figure = scrub_training(steps, weights, history)
    stored = np.frombuffer(figure.templates, np.int8).reshape(5, 10, 784)
    templates = np.cumsum(stored, axis=0, dtype=np.int8) * (figure.scale / 127)
    expected = weights.transpose(0, 2, 1)
    np.testing.assert_allclose(templates, expected, atol=figure.scale / 254 + 1e-9)
    assert figure.scale == np.abs(weights).max()


def test_training_and_validation_curves_may_stand_side_by_side():
    keys = ("val_accuracy", "loss", "val_loss", "accuracy")
    figure = scrub_training(*training(keys=keys))
    assert list(figure.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    figure.draw()


def test_logits_are_stored_up_to_a_constant_and_the_loss_is_kept(figures, logits, digits):
    stored = unpack(figures["explore_temperature"], "logits", "<f2").reshape(-1, 10)
    np.testing.assert_allclose(stored, logits - logits.max(axis=1, keepdims=True), rtol=1e-3)
    rows = np.arange(len(logits))
    loss = -log_softmax(logits, axis=1)[rows, digits[1]].mean()
    assert figures["explore_temperature"]._evaluate(1)[0] == pytest.approx(loss, abs=1e-4)


def test_log_probabilities_serve_as_logits(logits, digits):
    given = explore_temperature(np.log(softmax(logits, axis=1)), digits[1])
    expected = explore_temperature(logits, digits[1])
    assert given._best() == pytest.approx(expected._best(), rel=1e-3)


def test_the_problems_are_centered_and_have_both_classes(figures):
    for name in ("moons", "circles", "blobs"):
        rows = unpack(figures["explore_boundary"], name, "<f4").reshape(-1, 3)
        np.testing.assert_allclose(rows[:, :2].mean(axis=0), 0, atol=1e-5)
        assert np.bincount(rows[:, 2].astype(int)).tolist() == [80, 80]
        assert np.abs(rows[:, :2]).max() < 2.4 or name == "blobs"


@pytest.mark.parametrize("surface", SURFACES)
def test_the_gradient_of_a_surface_agrees_with_finite_differences(surface):
    terms = SURFACES[surface]["terms"]
    for point in np.random.default_rng(0).uniform(-2, 2, size=(20, 2)):
        expected = optimize.approx_fprime(point, lambda w: evaluate(terms, *w))
        np.testing.assert_allclose(differentiate(terms, *point), expected, atol=1e-5)


@pytest.mark.parametrize("surface", SURFACES)
def test_the_still_picture_shows_the_paths_of_keras_optimizers(surface):
    terms, start = SURFACES[surface]["terms"], SURFACES[surface]["start"]
    paths = descend(terms, start, rate=0.05, adam_rate=0.2, momentum=0.8, steps=50)
    optimizers = {
        "SGD": keras.optimizers.SGD(0.05),
        "momentum": keras.optimizers.SGD(0.05, momentum=0.8),
        "Adam": keras.optimizers.Adam(0.2, beta_1=0.8),
    }
    for name, optimizer in optimizers.items():
        weights = keras.Variable(start, dtype="float64")
        for position in paths[name]:
            np.testing.assert_allclose(weights.numpy(), position, atol=1e-5)
            gradient = tf.constant(differentiate(terms, *weights.numpy()))
            optimizer.apply([gradient], [weights])


def test_a_path_that_diverges_ends():
    paths = descend([[2, 0, 1.0]], [1.0, 0.0], rate=3.0)
    assert len(paths["SGD"]) < 20
    assert len(paths["Adam"]) == 101


def test_the_best_of_random_runs_is_expected_as_over_all_draws():
    values, others = [3.0, 1.0, 4.0, 1.5, 9.0], [2.0, 7.0, 1.0, 8.0, 5.0]
    for runs, row in enumerate(expect_best(values, others, 4), start=1):
        draws = list(product(range(5), repeat=runs))
        best = [max(draw, key=values.__getitem__) for draw in draws]
        assert row[0] == pytest.approx(np.take(values, best).mean())
        assert row[1] == pytest.approx(np.take(others, best).mean())


def test_the_winner_is_compared_with_the_other_runs_of_its_setting():
    runs = searched()
    accuracies = 100 * runs["accuracy"].to_numpy()
    others = [
        np.mean([accuracies[j] for j in range(len(runs)) if j // 3 == i // 3 and j != i])
        for i in range(len(runs))
    ]
    expected = expect_best(accuracies, others, 10)
    np.testing.assert_allclose(explore_search(runs)._expected(), expected, rtol=1e-6)


def test_the_accuracies_of_a_search_are_stored_by_row_column_and_run(figures):
    runs = searched()
    shuffled = explore_search(runs.sample(frac=1, random_state=0).sort_values("seed"))
    for figure in (figures["explore_search"], shuffled):
        stored = unpack(figure, "accuracies", "<f4").reshape(2, 3, 3)
        np.testing.assert_allclose(stored.ravel(), 100 * runs["accuracy"], rtol=1e-6)
        assert (figure.rows, figure.columns) == (["32", "128"], ["0.001", "0.01", "0.1"])
        assert (figure.row_name, figure.column_name) == ("batch size", "learning rate")


def test_a_kernel_is_read_back_as_the_reader_left_it(figures):
    figure = edit_kernel()
    np.testing.assert_array_equal(figure.kernel, np.outer([1, 2, 1], [-1, 0, 1]))  # Sobel's
    figure.weights_now = list(range(9))
    np.testing.assert_array_equal(figure.kernel, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])


def test_without_labels_a_dragged_digit_is_called_what_the_network_predicts(figures, digits):
    assert list(figures["drag_digit"].labels) == digits[1][:5].tolist()
    assert list(drag_digit(digits[0][:2], labels=np.array([3, 4])).labels) == [3, 4]


def test_planes_keep_their_proportions_and_say_how_often_neighbors_agree(figures, digits, logits):
    figure, given = figures["explore_embedding"], planes(logits)[1]
    stored = unpack(figure, "points", "<f4").reshape(2, -1, 2)
    for points, original in zip(stored, given.values(), strict=True):
        width = np.ptp(original, axis=0)
        np.testing.assert_allclose(np.ptp(points, axis=0), width / width.max(), atol=1e-6)
        np.testing.assert_allclose((points.min(axis=0) + points.max(axis=0)) / 2, 0.5, atol=1e-6)
        distances = distance.squareform(distance.pdist(points)) + 9 * np.eye(len(points))
        expected = np.mean(digits[1][distances.argmin(axis=1)] == digits[1])
        assert figure._agreement(points) == expected
    images = unpack(figure, "images", np.uint8)
    np.testing.assert_allclose(images, digits[0].ravel(), atol=8.5)  # of 255: 16 gray levels
    assert len(np.unique(images)) == 16


def test_an_embedding_of_one_point_twice_is_drawn_too(digits):
    plane = {"a single point": np.zeros((2, 2))}
    figure = explore_embedding(digits[0][:2], digits[1][:2], digits[1][:2], plane)
    assert "0 misclassified" in figure.describe()
    figure.draw()


IMAGES, LABELS = np.zeros((3, 28, 28), np.uint8), np.array([0, 1, 2])
PLANE = {"plane": np.zeros((3, 2))}
TABLE = np.full((3, 10), 0.1)
STEPS, WEIGHTS, HISTORY = training()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: explore_confusion(IMAGES.reshape(3, 784), LABELS, TABLE), r"got \(3, 784\)"),
        (lambda: explore_confusion(IMAGES.astype(int), LABELS, TABLE), "got int64 from 0 to 0"),
        (lambda: explore_confusion(IMAGES + 2.0, LABELS, TABLE), "got float64 from 2.0 to 2.0"),
        (lambda: explore_confusion(IMAGES, LABELS[:2], TABLE), r"got \(2,\)"),
        (lambda: explore_confusion(IMAGES, np.eye(10)[LABELS], TABLE), "labels.argmax"),
        (lambda: explore_confusion(IMAGES, LABELS + 8, TABLE), "from 0 to 9"),
        (
            lambda: explore_confusion(IMAGES, LABELS, TABLE[:2]),
            r"of shape \(3, 10\), got \(2, 10\)",
        ),
        (lambda: explore_confusion(IMAGES, LABELS, TABLE * np.nan), "finite"),
        (lambda: explore_confusion(IMAGES, LABELS, TABLE * -30), "apply softmax"),
        (lambda: mix_digits(IMAGES[:1], LABELS[:1]), "2 to 12 images, got 1"),
        (lambda: mix_digits(np.repeat(IMAGES, 5, 0), np.repeat(LABELS, 5)), "got 15"),
        (lambda: drag_digit(np.repeat(IMAGES, 5, 0)), "1 to 12 images, got 15"),
        (lambda: drag_digit(IMAGES[:0]), r"got \(0, 28, 28\)"),
        (lambda: drag_digit(IMAGES, labels=[1.5, 2, 3]), "integers"),
        (lambda: scrub_training(STEPS[::-1], WEIGHTS, HISTORY), "increasing steps"),
        (lambda: scrub_training(STEPS[:1], WEIGHTS, HISTORY), "2 to 60"),
        (
            lambda: scrub_training(STEPS, WEIGHTS[:4], HISTORY),
            r"\(5, 784, 10\), got \(4, 784, 10\)",
        ),
        (lambda: scrub_training(STEPS, WEIGHTS * np.inf, HISTORY), "finite weights"),
        (lambda: scrub_training(STEPS, WEIGHTS, {"loss": HISTORY["loss"]}), "got {'loss': 5}"),
        (lambda: scrub_training(STEPS, WEIGHTS, {"loss": [1], "accuracy": [1]}), "5 numbers each"),
        (lambda: explore_temperature(TABLE, LABELS), "np.log"),
        (lambda: explore_temperature(TABLE[:, :9], LABELS), r"\(3, 10\), got \(3, 9\)"),
        (lambda: explore_temperature(LABELS, LABELS), r"got \(3,\)"),
        (lambda: explore_embedding(IMAGES[:1], LABELS[:1], LABELS[:1], {}), "images, got 1"),
        (lambda: explore_embedding(IMAGES, LABELS, LABELS, {}), "1 to 4 planes, got 0"),
        (lambda: explore_embedding(IMAGES, LABELS, TABLE, PLANE), "argmax"),
        (
            lambda: explore_embedding(IMAGES, LABELS, LABELS, {"a": TABLE}),
            r"'a', so shape \(3, 2\)",
        ),
        (
            lambda: explore_embedding(IMAGES, LABELS, LABELS, {"a": np.full((3, 2), np.nan)}),
            "a finite point",
        ),
        (lambda: explore_boundary(seed=-1), "got -1"),
        (lambda: explore_boundary(seed=0.5), "got 0.5"),
        (lambda: explore_optimizers("hill"), "'two minima', got 'hill'"),
        (lambda: explore_search(searched(), rows="width"), r"without \['width'\]"),
        (lambda: explore_search(searched().iloc[1:]), "got 2 to 3 runs of 6"),
        (
            lambda: explore_search(searched().iloc[3:]),
            "each of 6 combinations, got 3 to 3 runs of 5",
        ),
        (lambda: explore_search(searched(seeds=1)), "at least 2"),
        (lambda: explore_search(searched().assign(accuracy=97.0)), "from 0 to 1"),
        (lambda: explore_search(searched().assign(accuracy=np.nan)), "diverged"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
