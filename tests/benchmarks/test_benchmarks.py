"""The benchmarks measure what they say; how fast it is, they alone tell."""

from itertools import pairwise

import measure
import numpy as np
import pytest


def test_what_is_measured_is_the_network_that_the_notebooks_train():
    (build,) = measure.from_notebook(3, "build")
    sizes = [784, *measure.HIDDEN, 10]
    parameters = sum((a + 1) * b for a, b in pairwise(sizes))
    assert build(measure.HIDDEN).count_params() == parameters == 567_434


def test_the_stopwatch_notes_each_epoch_and_stops_at_the_goal(monkeypatch):
    x = np.eye(10, dtype=np.float32).repeat(28 * 28 // 10 + 1, axis=1)[:, :784].reshape(-1, 28, 28)
    build, train = measure.from_notebook(3, "build", "train")
    watch = measure.stopwatch((x, np.arange(10)))
    train(build([32]), x, np.arange(10), 200, callbacks=[watch])
    assert len(watch.seconds) == len(watch.scores) < 200
    assert max(watch.scores[:-1]) < measure.GOAL <= watch.scores[-1]
    assert min(watch.seconds) > 0


@pytest.mark.parametrize("group", measure.GROUPS)
def test_every_group_is_told_of_in_the_help(group):
    assert f"``{group}``" in measure.__doc__
