"""What the reader of several digits promises."""

from pathlib import Path

import numpy as np
import pytest
from digits_helpers import load_digit_image, read_digits
from PIL import Image, ImageDraw
from scipy import ndimage

DATA = Path(__file__).parents[3] / "data" / "mnist.npz"


@pytest.fixture(scope="session")
def mnist():
    with np.load(DATA) as file:
        return file["x_test"], file["y_test"]


class Recorder:
    """A stand-in for a model: predictions with each image's place in the batch."""

    def __init__(self, channels=False):
        self.input_shape = (None, 28, 28, 1) if channels else (None, 28, 28)

    def __call__(self, images, training):
        assert not training
        assert images.shape[1:] == self.input_shape[1:]
        self.images = images
        return np.eye(10)[np.arange(len(images)) % 10]


@pytest.fixture
def page(mnist):
    """Two rows of MNIST digits, enlarged, dark on light, and where they are."""
    page, boxes = np.full((300, 500), 255, np.uint8), []
    for row in range(2):
        for column in range(4):
            digit = np.asarray(Image.fromarray(mnist[0][row * 4 + column]).resize((84, 84)))
            top, left = 30 + 130 * row + 4 * column, 20 + 120 * column
            page[top : top + 84, left : left + 84] = 255 - digit
            rows, columns = ndimage.find_objects((digit > 100).astype(int))[0]
            boxes.append(
                (left + columns.start, top + rows.start, left + columns.stop, top + rows.stop)
            )
    return page, boxes


@pytest.mark.parametrize("channels", [False, True])
def test_digits_are_found_where_they_are_in_reading_order(page, channels):
    found = read_digits(page[0], Recorder(channels))
    assert [digit.label for digit in found] == list(range(8))
    np.testing.assert_allclose([digit.box for digit in found], page[1], atol=4)
    assert all(digit.probabilities.shape == (10,) for digit in found)
    assert all(digit.probabilities.dtype == np.float32 for digit in found)


def test_digits_know_their_row(page):
    found = read_digits(page[0], Recorder())
    assert [digit.row for digit in found] == [0] * 4 + [1] * 4
    assert found.rows == ["0123", "4567"]


def test_boxes_are_in_pixels_of_the_original(page):
    large = Image.fromarray(page[0]).resize((2500, 1500))
    found = read_digits(large, Recorder())
    np.testing.assert_allclose([digit.box for digit in found], 5 * np.array(page[1]), atol=20)


def test_one_digit_is_normalized_alike_alone_and_on_a_page(mnist):
    model = Recorder()
    digit = 255 - np.asarray(Image.fromarray(mnist[0][0]).resize((280, 280)))
    assert len(read_digits(digit, model)) == 1
    np.testing.assert_array_equal(model.images[0], load_digit_image(digit))


def test_specks_lines_shadow_and_desk_are_no_digits(page):
    picture = page[0].astype(float)
    picture[25::40] = np.minimum(picture[25::40], 150)  # ruled
    for row, column in np.random.default_rng(2).integers(0, 290, (20, 2)):
        picture[row : row + 2, column : column + 2] = 0
    picture[:, 330:] *= 0.7  # shadow
    desk = np.full((400, 620), 40.0)
    desk[50:350, 60:560] = picture
    found = read_digits(desk.astype(np.uint8), Recorder())
    assert [digit.label for digit in found] == list(range(8))
    expected = np.add(page[1], [60, 50, 60, 50])
    np.testing.assert_allclose([digit.box for digit in found], expected, atol=5)


def test_the_lines_of_a_table_are_no_digits(page):
    table = Image.fromarray(page[0])
    pen = ImageDraw.Draw(table)
    for x in (8, 122, 242, 362, 484):
        pen.line([(x, 14), (x, 272)], fill=90, width=3)
    for y in (14, 137, 272):
        pen.line([(8, y), (484, y)], fill=90, width=3)
    found = read_digits(table, Recorder())
    np.testing.assert_allclose([digit.box for digit in found], page[1], atol=4)


def test_a_bar_apart_belongs_to_its_five():
    five = Image.new("L", (600, 300), 255)
    pen = ImageDraw.Draw(five)
    for left in (100, 350):
        points = [(70, 60), (68, 95), (100, 90), (125, 105), (125, 130), (100, 150), (65, 142)]
        pen.line([(left + x, 40 + y) for x, y in points], fill=0, width=10, joint="curve")
        pen.line([(left + 75, 84), (left + 125, 80)], fill=0, width=10)
    assert len(read_digits(five, Recorder())) == 2
