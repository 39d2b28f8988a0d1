"""Numbers as people write them on sheets: every digit is read, everything else is left out."""

import cv2
import numpy as np
import pytest
from digits_helpers import load_mnist, load_reference_model, read_digits
from PIL import Image, ImageDraw

HEIGHT = 60
_, (IMAGES, LABELS) = load_mnist()


@pytest.fixture(scope="module")
def read():
    model = load_reference_model("cnn")
    return lambda page: read_digits(page, model)


def digit(label, number=0, height=HEIGHT):
    """Return a digit of MNIST, cropped and scaled to a height, ink 1 on 0."""
    image = IMAGES[np.flatnonzero(np.equal(LABELS, label))[number + 2]] / np.float32(255)
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 0.3) for axis in (1, 0))
    image = np.pad(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
    scale = height / len(image)
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.clip((large - 0.5) * 2 + 0.5, 0, 1)


def write(number, *, gap=25, rise=0, sizes=None, size=(220, 560)):
    """Write a number on a page; return the page, ink 1 on 0, and the box of each digit."""
    page, boxes, left = np.zeros(size, np.float32), [], 50
    for index, label in enumerate(number):
        image = digit(int(label), index, sizes[index] if sizes else HEIGHT)
        top = 140 - len(image) - rise * index
        high, wide = image.shape
        spot = page[top : top + high, left : left + wide]
        np.maximum(spot, image, out=spot)
        boxes.append((left, top, left + wide, top + high))
        left += wide + gap
    return page, boxes


def photo(page):
    """Return a page as a soft, noisy picture, dark on light."""
    noise = np.random.default_rng(0).normal(0, 2, page.shape)
    return np.clip(cv2.GaussianBlur(220 - 170 * page, (0, 0), 0.7) + noise, 0, 255).astype("u1")


def draw(page, what, *where, width=3):
    """Draw an outline of ImageDraw on a page."""
    image = Image.fromarray((255 * page).astype("u1"))
    pen = getattr(ImageDraw.Draw(image), what)
    pen(*where, fill=255, width=width) if what == "line" else pen(*where, outline=255, width=width)
    return np.asarray(image, np.float32) / 255


@pytest.mark.parametrize("below", [-2, 1, 10])
def test_an_underlined_number_is_read_and_the_line_left_out(read, below):
    page, boxes = write("4073")
    ends = [(35, 140 + below), (boxes[-1][2] + 15, 142 + below)]
    reading = read(photo(draw(page, "line", ends)))
    assert reading.rows == ["4073"]
    assert "a line" in [thing.reason for thing in reading.left_out]


def test_digits_that_touch_their_boxes_are_read(read):
    page, boxes = write("5829", gap=45)
    for index, (left, top, right, bottom) in enumerate(boxes):
        shift = [(-14, -3), (-14, -14), (-10, -3), (-14, -12)][index]
        corner = left + shift[0], top + shift[1]
        page = draw(page, "rectangle", [corner, (right + 16, bottom - 1)])
    assert read(photo(page)).rows == ["5829"]


def test_digits_in_shapes_are_read_and_the_shapes_left_out(read):
    page, boxes = write("36", gap=170, size=(280, 560))
    for kind, (left, top, right, bottom) in zip(("ellipse", "rectangle"), boxes, strict=True):
        page = draw(page, kind, [(left - 40, top - 40), (right + 40, bottom + 40)])
    reading = read(photo(page))
    assert reading.rows == ["36"]
    assert [thing.reason for thing in reading.left_out] == ["a drawn shape"] * 2


def test_a_digit_much_smaller_than_its_box_is_read(read):
    page, [(left, top, right, bottom)] = write("6", sizes=[30])
    page = draw(page, "rectangle", [(left - 45, top - 45), (right + 45, bottom + 45)])
    assert read(photo(page)).rows == ["6"]


@pytest.mark.parametrize(("number", "gap"), [("05", -10), ("38", -13), ("86", -16), ("50", -20)])
def test_touching_digits_are_cut_apart(read, number, gap):
    page, boxes = write(number, gap=gap)
    reading = read(photo(page))
    assert reading.rows == [number]
    np.testing.assert_allclose([digit.box for digit in reading], boxes, atol=8)


def test_a_four_whose_stem_stands_apart_is_one_digit(read):
    page, boxes = write("28")
    left = boxes[-1][2] + 40
    angle = [(left + 12, 80), (left, 116), (left + 34, 114)]
    page = draw(page, "line", angle, width=7)
    page = draw(page, "line", [(left + 44, 84), (left + 41, 140)], width=7)
    assert read(photo(page)).rows == ["284"]


def test_a_five_close_above_a_six_is_another_row(read):
    above, _ = write("35", gap=40)
    below, _ = write("26", gap=40)
    page = np.vstack([above[:143], below[76:]])
    assert read(photo(page)).rows == ["35", "26"]


def test_small_zeros_are_digits(read):
    page, _ = write("7030", sizes=[HEIGHT, 22, HEIGHT, 22])
    assert read(photo(page)).rows == ["7030"]


@pytest.mark.parametrize("rise", [-12, 18])
def test_a_row_that_climbs_or_falls_is_one_row(read, rise):
    assert read(photo(write("37256", rise=rise, size=(260, 560))[0])).rows == ["37256"]


def test_letters_are_left_out(read):
    page, _ = write("825")
    page = (255 * np.pad(page, ((0, 0), (180, 0)))).astype("u1")
    cv2.putText(page, "Ram", (20, 140), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 255, 5, cv2.LINE_AA)
    reading = read(photo(page / np.float32(255)))
    assert reading.rows == ["825"]
    left, _, right, _ = np.transpose([thing.box for thing in reading.left_out])
    assert (left.min(), right.max()) == pytest.approx((22, 158), abs=15)  # all of "Ram"


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_rotated_sheet_is_read_and_its_boxes_are_where_they_were(read, turn):
    page, boxes = write("43275", gap=30)
    reading = read(np.rot90(photo(page), turn))
    assert (reading.rows, reading.rotation) == (["43275"], 90 * turn)
    edges = np.zeros((len(boxes), *page.shape), bool)
    for own, (left, top, right, bottom) in zip(edges, boxes, strict=True):
        own[top:bottom, left:right] = True
    for own, found in zip(edges, reading, strict=True):
        rows, columns = np.nonzero(np.rot90(own, turn))
        expected = columns.min(), rows.min(), columns.max(), rows.max()
        np.testing.assert_allclose(found.box, expected, atol=5)


def test_a_sheet_that_stands_is_not_rotated(read):
    for number in ("0", "6", "69", "1811"):
        assert read(photo(write(number)[0])).rotation == 0


def test_a_lone_digit_on_its_side_is_said_to_be(read):
    reading = read(np.rot90(photo(write("4", size=(220, 220))[0])))
    assert reading.rotation == 0
    assert "rotated by 90 degrees" in reading.note
