"""The stored runs of notebook 08: complete, and its stored predictions are those of the runs."""

import numpy as np
import pandas as pd
import pytest
from digits_helpers import DATA, load_split

FOLDER = DATA / "models"
RUNS = pd.read_csv(FOLDER / "seeds.csv")
BRIEF = pd.read_csv(FOLDER / "normalization.csv")
PREDICTIONS = np.load(FOLDER / "predictions.npz")
SETS = {"valid": load_split()[1][1], "test": load_split()[2][1]}
AVERAGED = RUNS[RUNS["recipe"] == "cnn_longer"]


def test_every_recipe_was_trained_from_seed_0_on():
    seeds = RUNS.groupby("recipe")["seed"].apply(sorted)
    assert all(each == list(range(len(each))) for each in seeds)
    assert all(len(each) >= 3 for each in seeds)


def test_with_and_without_batch_normalization_ran_at_the_same_rates_from_the_same_seeds():
    runs = BRIEF.groupby("normalized").apply(
        lambda rows: sorted(zip(rows["rate"], rows["seed"], strict=True)), include_groups=False
    )
    assert runs[True] == runs[False]
    assert len(set(runs[True])) == len(runs[True]) == 12


def test_accuracies_are_fractions_of_the_images_that_were_counted():
    for column, images in {"validation": 5_000, "test": 10_000}.items():
        values = RUNS[column] * images
        np.testing.assert_allclose(values, np.rint(values), atol=1e-6)


def test_predictions_are_stored_for_each_seed_and_version_and_add_up_to_1():
    names = {
        f"{images}_{version}_{seed}"
        for images in SETS
        for version in ("plain", "shifted", "warped")
        for seed in AVERAGED["seed"]
    }
    assert set(PREDICTIONS.files) == names
    for name in names:
        values = PREDICTIONS[name]
        assert (values.shape, values.dtype) == ((len(SETS[name.split("_")[0]]), 10), np.uint16)
        assert np.abs(values.sum(axis=1, dtype=int) - 10_000).max() <= 5  # rounding


@pytest.mark.parametrize(("images", "column"), [("valid", "validation"), ("test", "test")])
def test_the_stored_predictions_have_the_accuracy_of_their_run(images, column):
    for run in AVERAGED.itertuples():
        predicted = PREDICTIONS[f"{images}_plain_{run.seed}"].argmax(axis=1)
        accuracy = np.mean(predicted == SETS[images])
        assert accuracy == pytest.approx(getattr(run, column), abs=1e-4)  # of equal two the first


def test_averaging_networks_reads_at_least_as_many_validation_images_as_their_mean():
    plain = [PREDICTIONS[f"valid_plain_{seed}"] for seed in AVERAGED["seed"]]
    single = np.mean([np.mean(each.argmax(axis=1) == SETS["valid"]) for each in plain])
    assert np.mean(np.sum(plain, axis=0, dtype=int).argmax(axis=1) == SETS["valid"]) >= single
