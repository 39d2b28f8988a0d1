"""Folders of pictures and submissions: what is wrong is found, and named."""

import csv

import numpy as np
import pytest
from digits_helpers import (
    check_image_folder,
    check_submission,
    write_image_folder,
    write_submission,
)
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path):
    """Two classes: three pictures of a 1, two of a 7."""
    images = RNG.integers(0, 256, (5, 6, 4), dtype=np.uint8)
    return write_image_folder(images, [1, 1, 7, 1, 7], tmp_path / "digits")


def test_pictures_come_back_as_they_were_written(tmp_path):
    images = RNG.integers(0, 256, (3, 5, 7), dtype=np.uint8)
    folder = write_image_folder(images, np.array([2, 0, 2]), tmp_path / "new")
    stored = [np.asarray(Image.open(folder / name)) for name in ("2/00000.png", "0/00001.png")]
    np.testing.assert_array_equal(stored, images[:2])
    assert len(list(folder.rglob("*.png"))) == 3


def test_scaled_images_are_written_as_bytes(tmp_path):
    images = np.array([[[0.0, 1.0, 0.5]], [[0.2, 0.0, 0.0]]], np.float32)
    folder = write_image_folder(images, [0, 1], tmp_path / "new")
    assert np.asarray(Image.open(folder / "0/00000.png")).tolist() == [[0, 255, 128]]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 3, 3), np.uint8), [1], "2, 3, 3"),
        (np.zeros((2, 9), np.uint8), [1, 2], "2, 9"),
        (np.full((2, 3, 3), 255.0), [1, 2], "0, 1"),
        (np.full((2, 3, 3), np.nan), [1, 2], "nan"),
        (np.zeros((2, 3, 3), np.uint8), [1.0, 2.0], "integers"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, images, labels, message):
    with pytest.raises(ValueError, match=message):
        write_image_folder(images, labels, tmp_path / "new")


def test_new_pictures_are_not_mixed_with_old_ones(folder):
    with pytest.raises(ValueError, match="not empty"):
        write_image_folder(np.zeros((1, 3, 3), np.uint8), [1], folder)


def test_a_row_for_each_class_counts_its_pictures(folder):
    Image.new("RGB", (9, 9)).save(folder / "7" / "color.jpg")
    table = check_image_folder(folder)
    assert table.index.tolist() == ["1", "7"]
    assert table["pictures"].tolist() == [3, 3]
    assert table["fraction"].tolist() == [0.5, 0.5]
    assert table["sizes"].tolist() == ["4×6", "4×6 to 9×9"]
    assert table["modes"].tolist() == ["L", "L, RGB"]


def cut(folder):
    file = folder / "1" / "00000.png"
    file.write_bytes(file.read_bytes()[:-20])


def rename(folder):
    Image.new("L", (9, 9)).save(folder / "7" / "x.png")
    (folder / "7" / "x.png").rename(folder / "7" / "x.jpg")


BAD = {
    "cut off": (cut, "1/00000.png: damaged"),
    "a text": (lambda f: (f / "7" / "a.png").write_text("hello"), "7/a.png: damaged"),
    "empty": (lambda f: (f / "7" / "e.png").touch(), "7/e.png: damaged"),
    "another format": (rename, "7/x.jpg: named .jpg, but holds PNG; rename it to .png"),
    "not loaded": (lambda f: (f / "1" / "p.webp").touch(), "1/p.webp: Keras leaves out .webp"),
    "a bitmap": (
        lambda f: Image.new("L", (9, 9)).save(f / "7" / "b.bmp"),
        "7/b.bmp: TensorFlow reads BMP in color only",
    ),
    "outside": (lambda f: (f / "o.png").touch(), "o.png: stands outside"),
    "an empty class": (lambda f: (f / "9").mkdir(), "9: no pictures"),
}


@pytest.mark.parametrize(("spoil", "complaint"), BAD.values(), ids=BAD)
def test_whatever_would_fail_or_be_lost_in_training_is_named(folder, spoil, complaint):
    spoil(folder)
    with pytest.raises(ValueError, match="1 problem:") as raised:
        check_image_folder(folder)
    assert complaint in str(raised.value)


def test_all_problems_are_told_at_once(folder):
    for spoil, _ in BAD.values():
        spoil(folder)
    with pytest.raises(ValueError, match=f"{len(BAD)} problems") as raised:
        check_image_folder(folder)
    assert all(complaint in str(raised.value) for _, complaint in BAD.values())


def test_a_long_list_is_cut_and_counted(folder):
    for number in range(40):
        (folder / "1" / f"{number}.txt").touch()
    with pytest.raises(ValueError, match="40 problems") as raised:
        check_image_folder(folder)
    assert "and 20 more" in str(raised.value)


def test_files_that_an_operating_system_leaves_behind_do_not_matter(folder):
    (folder / "1" / ".DS_Store").touch()
    assert check_image_folder(folder)["pictures"].tolist() == [3, 2]


def test_a_folder_too_deep_or_missing_or_with_one_class_is_told(folder, tmp_path):
    with pytest.raises(ValueError, match="found none; give the folder above"):
        check_image_folder(folder / "1")
    with pytest.raises(ValueError, match="there is no folder"):
        check_image_folder(tmp_path / "nowhere")
    for file in (folder / "7").iterdir():
        file.unlink()
    (folder / "7").rmdir()
    with pytest.raises(ValueError, match="found only '1'"):
        check_image_folder(folder)


@given(labels=st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_a_written_submission_is_a_valid_one(tmp_path_factory, labels):
    path = write_submission(np.array(labels), tmp_path_factory.mktemp("s") / "s.csv")
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["ImageId", "Label"]
    assert rows == [[str(i), str(label)] for i, label in enumerate(labels, start=1)]
    assert check_submission(path, rows=len(labels))["Label"].tolist() == labels


@pytest.mark.parametrize(
    "labels", [np.eye(10), np.array([1.0, 2.0]), np.array([3, 10]), np.array([-1])]
)
def test_what_is_no_list_of_digits_is_not_written(tmp_path, labels):
    with pytest.raises(ValueError, match="expected"):
        write_submission(labels, tmp_path / "s.csv")
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected ImageId,Label"),
        ("id,label\n1,2\n2,3\n", "line 1: expected ImageId,Label, found 'id,label'"),
        ("ImageId,Label\n0,2\n1,3\n", "line 2: expected ImageId 1, found '0'"),
        ("ImageId,Label\n1,2\n3,3\n", "line 3: expected ImageId 2, found '3'"),
        ("ImageId,Label\n1,2.0\n2,3\n", "line 2: expected as Label .* found '2.0'"),
        ("ImageId,Label\n1,2\n2,10\n", "line 3: expected as Label .* found '10'"),
        ("ImageId,Label\n1,2\n2\n", "line 3: expected two values"),
        ("ImageId,Label\n1,2\n", "expected 2 rows below the header, found 1"),
        ("ImageId,Label\n1,2\n2,3\n3,4\n", "expected 2 rows below the header, found 3"),
    ],
)
def test_the_first_line_that_is_wrong_is_named(tmp_path, text, message):
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        check_submission(path, rows=2)
