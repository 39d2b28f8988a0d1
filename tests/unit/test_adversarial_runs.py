"""The stored runs of notebook 10: complete, and trained on changes of the size that it names."""

import importlib.util
import sys

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pandas as pd
import pytest
from digits_helpers import DATA, load_reference_model, load_split, smallest_change

FOLDER = DATA / "models"
RUNS = pd.read_csv(FOLDER / "adversarial.csv")
STORED = {"plain": "cnn_small", "adversarial": "cnn_adversarial"}


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(FOLDER))  # it imports its neighbors
    try:
        spec = importlib.util.spec_from_file_location("adversarial", FOLDER / "adversarial.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def test_both_networks_were_trained_in_three_ways_from_the_same_seeds():
    seeds = RUNS.groupby(["network", "training"])["seed"].apply(sorted)
    ways = ("plain", "augmented", "adversarial")
    assert set(seeds.index) == {(network, way) for network in ("MLP", "CNN") for way in ways}
    assert all(each == [0, 1, 2] for each in seeds)
    assert (RUNS["status"] == "ok").all()


def test_accuracies_are_fractions_of_the_images_that_were_counted():
    for column, images in {"validation": 5_000, "test": 10_000}.items():
        values = RUNS[column]
        assert values.between(0.9, 1).all()
        np.testing.assert_allclose(values * images, np.rint(values * images), atol=1e-6)


def test_lengths_are_in_order():
    assert (RUNS["quarter"] <= RUNS["median"]).all()
    assert (RUNS["median"] <= RUNS["three_quarters"]).all()


@pytest.mark.parametrize("training", STORED)
def test_a_stored_network_is_the_one_of_its_row(training):
    (row,) = RUNS.query("network == 'CNN' and training == @training and seed == 0").itertuples()
    model = load_reference_model(STORED[training])
    assert model.count_params() == row.parameters
    _, (images, labels), _ = load_split()
    predicted = model.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
    assert np.mean(predicted == labels) == pytest.approx(row.validation, abs=4e-4)
    changes = smallest_change(model, images[:200], labels[:200])
    median = np.median(np.sqrt(np.sum(changes**2, axis=(1, 2))))
    # the table's are of 100 steps, which find the same changes or shorter ones
    assert row.median * 0.995 < median < row.median * 1.03


def test_a_batch_is_changed_by_at_most_the_stated_length_so_that_the_loss_rises(
    script, monkeypatch
):
    model = script.Adversarial([keras.Input((28, 28)), *load_reference_model("cnn_small").layers])
    (images, labels), _, _ = load_split()
    images, labels = images[:50], labels[:50]
    seen = []
    monkeypatch.setattr(keras.Sequential, "train_step", lambda self, data: seen.append(data))
    keras.utils.set_random_seed(0)
    model.train_step((images, labels))
    ((changed, kept),) = seen
    np.testing.assert_array_equal(kept, labels)
    changed = changed.numpy()
    assert changed.min() >= 0
    assert changed.max() <= 1
    lengths = np.sqrt(np.sum((changed - images) ** 2, axis=(1, 2)))
    assert lengths.max() <= 1.5 + 1e-5  # notebook 10 states it
    assert np.median(lengths) > 1
    losses = [
        keras.losses.sparse_categorical_crossentropy(labels, model(some)).numpy()
        for some in (images, changed)
    ]
    assert np.mean(losses[1] > losses[0]) > 0.95
    assert losses[1].mean() > 5 * losses[0].mean()
