"""`load_digit_image` reads one digit, and says so when it sees more."""

import warnings

import numpy as np
import pytest
from digits_helpers import load_digit_image, load_mnist
from PIL import Image


@pytest.fixture(scope="module")
def digits():
    return [np.asarray(Image.fromarray(x).resize((112, 112))) for x in load_mnist()[1][0][:16]]


@pytest.mark.parametrize("pair", range(8))
def test_two_digits_side_by_side_raise_a_warning_that_names_read_digits(digits, pair):
    both = 255 - np.hstack(digits[2 * pair : 2 * pair + 2])
    with pytest.warns(UserWarning, match=r"two or more digits.*read_digits"):
        assert load_digit_image(both).shape == (28, 28)


def test_three_digits_are_more_than_one(digits):
    with pytest.warns(UserWarning, match="read_digits"):
        load_digit_image(255 - np.hstack(digits[:3]))


def test_single_digits_specks_and_small_marks_raise_none(digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for digit in digits:
            page = np.pad(255 - digit, 20, constant_values=255)
            page[120:123, 140:143] = 0  # a speck
            page[60:80, 142:145] = 0  # a mark of a fifth of its height
            load_digit_image(page)


def test_a_four_in_two_parts_raises_none():
    four = np.full((200, 200), 255, np.uint8)
    four[40:110, 60:68] = four[102:110, 60:118] = 0  # an L
    four[40:160, 124:132] = 0  # and the stem, close to it
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_digit_image(four)
