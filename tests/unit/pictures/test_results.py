"""What `read_digits` returns can be asked and printed."""

import numpy as np
from digits_helpers.pictures.results import Digit, LeftOut, Reading

BOX = (10, 20, 30, 60)


def probabilities(label, confidence):
    rest = np.full(10, (1 - confidence) / 9, np.float32)
    rest[label] = confidence
    return rest


def test_confidence_is_the_highest_probability_and_little_of_it_is_doubtful():
    clear, unclear = (Digit(3, probabilities(3, value), BOX) for value in (0.95, 0.85))
    np.testing.assert_allclose([clear.confidence, unclear.confidence], [0.95, 0.85], rtol=1e-6)
    assert isinstance(clear.confidence, float)
    assert (clear.doubtful, unclear.doubtful) == (False, True)


def test_a_doubt_makes_a_confident_digit_doubtful():
    assert Digit(0, probabilities(0, 1.0), BOX, doubt="a shape?").doubtful


def test_a_reading_is_a_list_that_knows_its_rows():
    digits = [Digit(n, probabilities(n, 1.0), BOX, row) for n, row in [(4, 0), (0, 0), (7, 1)]]
    reading = Reading(digits)
    assert reading == digits
    assert reading.rows == ["40", "7"]
    assert (reading.left_out, reading.rotation, reading.note) == ([], 0, "")


def test_a_printed_reading_says_what_is_doubtful_left_out_and_rotated():
    digits = [Digit(4, probabilities(4, 0.99), BOX), Digit(7, probabilities(7, 0.61), BOX, 1)]
    assert str(Reading(digits[:1])) == "4"
    reading = Reading(digits, [LeftOut((1, 2, 90, 5), "a line")], 180, "It may lie on its side.")
    assert str(reading).splitlines() == [
        "4",
        "7",
        "doubtful: 7 at 10, 20 (61 %)",
        "left out: a line at 1, 2",
        "the picture was rotated by 180 degrees before reading",
        "It may lie on its side.",
    ]


def test_a_reading_of_nothing_says_so():
    assert str(Reading()) == "no digit found"
