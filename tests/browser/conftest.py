"""One browser for all tests of a worker, and digits to draw in it."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

PICTURES = Path(__file__).resolve().parents[2] / "data" / "handwriting"


@pytest.fixture(scope="session")
def browser():
    from chromium import CHROMIUM, FLAGS, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hand():
    """Return a function to the strokes of a digit: points (x, y) in [0, 1], the digit upright."""
    sys.path.insert(0, str(PICTURES))
    write = importlib.import_module("hand").Hand
    sys.path.remove(str(PICTURES))

    def strokes(digit, seed=None, kind="usual"):
        rng = np.random.default_rng(digit if seed is None else seed)
        paths = [path[::16] for path in write(rng, kind).write(str(digit))]
        low, high = (f([f(path, axis=0) for path in paths], axis=0) for f in (np.min, np.max))
        return [(path - (low + high) / 2) / (high - low).max() + 0.5 for path in paths]

    return strokes
