"""No corrupted file and no picture without a digit leads the reader into anything but an answer."""

import warnings

import numpy as np
from digits_helpers import (
    DATA,
    corrupt_files,
    draw_non_digits,
    load_digit_image,
    read_digits,
)

FILES = sorted((DATA / "handwriting").glob("*_[0-9].png"))


class Uniform:
    """A stand-in for a model that has no confidence in anything."""

    input_shape = (None, 28, 28)

    def __call__(self, images, training):
        return np.full((len(images), 10), 0.1, np.float32)


def outcome(source):
    """Return what both readers do with a source: anything but a `ValueError` ends the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            image = load_digit_image(source)
        except ValueError as error:
            assert 20 < len(str(error)) < 320  # noqa: PT017 - either outcome is right
        else:
            assert image.shape == (28, 28)
            assert np.isfinite(image).all()
        try:
            reading = read_digits(source, Uniform())
        except ValueError:
            return "error"
    assert all(digit.doubtful for digit in reading)
    return "reading" if reading else "nothing"


def test_three_hundred_corrupted_files_end_in_a_reading_or_a_clear_error():
    outcomes = [outcome(data) for _, data, _ in corrupt_files(FILES, 300)]
    assert len(outcomes) == 300
    assert outcomes.count("error") > 100
    assert outcomes.count("reading") > 20


def test_pictures_without_a_digit_end_in_a_reading_or_a_clear_error():
    pictures = [picture for kind in draw_non_digits().values() for picture in kind]
    assert len(pictures) >= 60
    for picture in pictures:
        outcome(picture)


def test_the_pictures_without_a_digit_are_all_different_and_the_same_again():
    pictures = draw_non_digits(3, seed=1)
    assert len(pictures) == 8
    flat = [picture.tobytes() for kind in pictures.values() for picture in kind]
    assert len(set(flat)) == len(flat) == 24
    again = [picture.tobytes() for kind in draw_non_digits(3, seed=1).values() for picture in kind]
    assert again == flat
    for kind in pictures.values():
        for picture in kind:
            assert (picture.shape, picture.dtype) == ((240, 240), np.uint8)
            assert picture.std() > 5


def test_files_are_corrupted_in_ten_kinds_alike_with_the_same_seed():
    made = list(corrupt_files(FILES, 40, seed=3))
    assert len({kind for kind, _, _ in made}) == 10
    assert made == list(corrupt_files(FILES, 40, seed=3))
    assert made != list(corrupt_files(FILES, 40, seed=4))
