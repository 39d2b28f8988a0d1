"""From a file to an answer: `pytest -n 0 tests/benchmarks/bench_pictures.py`.

In brackets stands the ratio to the fastest of the group, the naive way of tutorials.
"""

import csv

import digits_helpers.quiet_tensorflow
import numpy as np
import pytest
from digits_helpers import DATA, load_digit_image, load_reference_model, read_digits
from PIL import Image

FOLDER = DATA / "handwriting"

with open(FOLDER / "labels.csv", newline="", encoding="utf-8") as file:
    SAMPLES = [FOLDER / row["file"] for row in csv.DictReader(file) if len(row["label"]) == 1]


@pytest.fixture(scope="module")
def model():
    model = load_reference_model("cnn")
    model.predict_on_batch(np.zeros((1, *model.input_shape[1:]), np.float32))  # compiles it
    return model


def naive_way(path):
    gray = Image.open(path).convert("L").resize((28, 28))
    return 1 - np.asarray(gray, np.float32) / 255


@pytest.mark.benchmark(group="a file to an answer, median of all samples")
@pytest.mark.parametrize("prepare", [naive_way, load_digit_image])
def test_a_file_to_an_answer(benchmark, model, prepare):
    files = iter(SAMPLES)

    def answer(path):
        image = prepare(path).reshape(1, *model.input_shape[1:])
        return int(np.argmax(model.predict_on_batch(image)))

    benchmark.pedantic(answer, setup=lambda: ([next(files)], {}), rounds=len(SAMPLES))


@pytest.mark.benchmark(group="a page of twelve megapixels")
@pytest.mark.parametrize("way", ["decoding alone", "read_digits"])
def test_a_page_of_twelve_megapixels(benchmark, model, tmp_path, way):
    path = tmp_path / "page.jpg"
    with Image.open(FOLDER / "page-photo_2026-1121-358.jpg") as page:
        page.resize((3000, 4000)).save(path, quality=85)
    if way == "read_digits":
        found = benchmark(read_digits, path, model)
        assert "".join(str(digit.label) for digit in found) == "20261121358"
    else:
        benchmark(lambda: Image.open(path).load())
