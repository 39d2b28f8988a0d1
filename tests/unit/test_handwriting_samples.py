"""The sample pictures in data/handwriting: complete, labeled, and what the generator draws."""

import csv
import importlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "data" / "handwriting"
ORIENTATION = 0x0112

with open(FOLDER / "labels.csv", newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


@pytest.fixture
def generate(monkeypatch):
    """Return the generator as a module."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("generate")


def pictures():
    return sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".png", ".jpg"))


def test_every_picture_has_one_row_of_labels_and_every_row_a_picture():
    assert sorted(row["file"] for row in ROWS) == pictures()


def test_a_file_is_named_after_its_style_and_label():
    for row in ROWS:
        assert Path(row["file"]).stem == f"{row['style']}_{row['label']}"
        assert set(row["label"]) <= set("0123456789-")


def test_descriptions_serve_as_alternative_text():
    descriptions = [row["description"] for row in ROWS]
    assert all(10 < len(text) < 100 for text in descriptions)
    assert len(set(descriptions)) == len(descriptions)


def test_there_are_many_styles_and_pictures_of_each_digit():
    digits = Counter(row["label"] for row in ROWS if len(row["label"]) == 1)
    assert len({row["style"] for row in ROWS}) >= 12
    assert digits.total() >= 84
    assert min(digits[digit] for digit in "0123456789") >= 8
    assert sum(len(row["label"]) > 1 for row in ROWS) >= 4


def test_every_picture_opens_and_is_as_its_name_says():
    for name in pictures():
        with Image.open(FOLDER / name) as image:
            image.load()
            assert image.format == {".png": "PNG", ".jpg": "JPEG"}[Path(name).suffix]
            assert min(image.size) >= 16


def test_pictures_cover_the_image_modes_that_readers_send():
    modes = set()
    for name in pictures():
        with Image.open(FOLDER / name) as image:
            modes.add(image.mode)
    assert modes >= {"RGB", "RGBA", "LA", "L", "P", "1", "I;16"}


def test_pictures_carry_no_metadata_but_their_orientation():
    for name in pictures():
        with Image.open(FOLDER / name) as image:
            turned = name.startswith("exif-rotated")
            assert dict(image.getexif()) == ({ORIENTATION: 6} if turned else {}), name
            assert not {"comment", "xmp", "icc_profile", "parsed"} & set(image.info), name
            assert not getattr(image, "text", {}), name


def test_all_pictures_together_stay_small():
    assert sum((FOLDER / name).stat().st_size for name in pictures()) < 2_500_000


@pytest.mark.parametrize(
    ("style", "label"),
    [
        ("paint", "3"),
        ("paint-hairline", "7"),
        ("transparent-dark", "5"),
        ("palette", "2"),
        ("one-bit", "9"),
        ("sixteen-bit", "1"),
        ("tiny", "8"),
        ("broken", "5"),
        ("row-drawn", "386154"),
    ],
)
def test_the_generator_draws_the_stored_drawing_again(generate, style, label):
    drawn = generate.draw(style, label)
    with Image.open(FOLDER / f"{style}_{label}.png") as stored:
        assert (drawn.mode, drawn.size) == (stored.mode, stored.size)
        if drawn.mode == "P":  # the order of a palette's colors is the library's affair
            drawn, stored = drawn.convert("RGB"), stored.convert("RGB")
        drawn, stored = (np.asarray(image).astype(float) for image in (drawn, stored))
    scale = max(1.0, stored.max())
    assert np.abs(drawn - stored).mean() < 0.002 * scale


def test_the_generator_takes_the_stored_photograph_again(generate):
    drawn = np.asarray(generate.draw("scan", "4")).astype(float)
    with Image.open(FOLDER / "scan_4.jpg") as stored:
        assert drawn.shape == (*stored.size[::-1], 3)
        assert np.abs(drawn - np.asarray(stored)).mean() < 4  # of 255: JPEG changes the texture


def test_a_picture_stored_on_its_side_comes_upright_by_its_exif_note(generate):
    upright = np.asarray(generate.draw("exif-rotated", "4")).astype(float)
    with Image.open(FOLDER / "exif-rotated_4.jpg") as stored:
        turned = np.rot90(np.asarray(stored), -1)  # orientation 6: turn clockwise to look at it
        assert stored.getexif()[ORIENTATION] == 6
    assert turned.shape == upright.shape
    assert np.abs(turned - upright).mean() < 4


def test_two_draws_of_one_picture_are_equal_and_two_pictures_are_not(generate):
    first, again = (np.asarray(generate.draw("paint", "6")) for _ in range(2))
    other = np.asarray(generate.draw("paint", "8"))
    assert (first == again).all()
    assert (first != other).any()


def test_no_strokes_of_the_training_digits_are_those_of_a_sample_picture(generate):
    with open(FOLDER / "forms.csv", newline="", encoding="utf-8") as file:
        forms = list(csv.DictReader(file))
    training = {row["strokes"] for row in forms if row["kind"] in ("rare", "regional")}
    samples = {row["strokes"] for row in forms if row["kind"] in ("usual", "broken", "sloppy")}
    assert len(training) + len(samples) == len({row["strokes"] for row in forms}) == len(forms)
    kinds = {style[-1].get("kind", "usual") for style in generate.STYLES.values()}
    assert kinds == {"usual", "broken", "sloppy"}
