"""crop_to_page: frames and the desk go, the sheet stays where it is, and a digit is no sheet."""

import cv2
import numpy as np
import pytest
from digits_helpers import crop_to_page, load_digit_image, load_mnist, open_picture, read_digits
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

SHADES = [0, 60, 128, 235]


@pytest.fixture(scope="module")
def digits():
    """Return ten test images of MNIST, 0 to 9, 140 x 140 pixels, dark on light."""
    _, (images, labels) = load_mnist()
    chosen = [images[np.flatnonzero(labels == digit)[3]] for digit in range(10)]
    return [255 - cv2.resize(image, (140, 140), interpolation=cv2.INTER_CUBIC) for image in chosen]


def likeness(one, other):
    """Return the correlation of two images; 1 means the same, perhaps moved by a pixel."""
    moved = [np.roll(one, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for image in moved)


def on_paper(digit, paper=215):
    """Return a digit with soft light on gray paper of 200 x 220 pixels, uint8 (200, 220, 3)."""
    page = np.pad(digit, ((30, 30), (40, 40)), constant_values=255) / 255
    light = np.linspace(1, 0.8, page.shape[1])
    return np.dstack([page * light * shade for shade in (paper, paper, 0.95 * paper)]).astype("u1")


def on_a_desk(sheet, corners, shade, seed=0):
    """Lay a sheet on a textured desk of 400 x 440 pixels; corners: x, y of each, clockwise."""
    rng = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(rng.normal(0, 1, (400, 440)).astype("f4"), (0, 0), 5)
    desk = np.clip(shade * (1 + 0.1 * texture / texture.std())[..., None] * (1, 0.8, 0.6), 0, 255)
    high, wide = sheet.shape[:2]
    own = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    there = cv2.getPerspectiveTransform(own, np.array(corners, np.float32))
    lies = cv2.warpPerspective(np.ones((high, wide), np.float32), there, (440, 400))[..., None]
    return (desk * (1 - lies) + cv2.warpPerspective(sheet, there, (440, 400)) * lies).astype("u1")


UPRIGHT = [(110, 100), (330, 100), (330, 300), (110, 300)]
ASKEW = [(105, 90), (340, 110), (320, 320), (115, 300)]


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("shade", SHADES)
@pytest.mark.parametrize("border", [3, 25, (60, 10, 20, 40)])
def test_a_frame_changes_nothing(digits, digit, shade, border):
    paper = on_paper(digits[digit])
    framed = ImageOps.expand(Image.fromarray(paper), border, fill=(shade,) * 3)
    assert likeness(load_digit_image(framed), load_digit_image(paper)) > 0.97


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("shade", SHADES[:3])
def test_a_box_drawn_around_a_digit_changes_nothing(digits, digit, shade):
    page = Image.fromarray(np.pad(digits[digit], 80, constant_values=255))
    boxed = page.copy()
    ImageDraw.Draw(boxed).rectangle([30, 40, 260, 270], outline=shade, width=4)
    assert likeness(load_digit_image(boxed), load_digit_image(page)) > 0.97


def test_yellow_paper_stands_out_of_a_white_frame(digits):
    paper = on_paper(digits[4], 255) * np.array([1, 1, 0.4])
    framed = ImageOps.expand(Image.fromarray(paper.astype("u1")), 25, fill="white")
    sheet, _ = crop_to_page(open_picture(framed))
    np.testing.assert_allclose(sheet.shape[:2], paper.shape[:2], atol=8)


@pytest.mark.parametrize("shade", SHADES)
@pytest.mark.parametrize("border", [(90, 0), (0, 70)])
def test_bars_at_two_sides_change_nothing(digits, shade, border):
    paper = on_paper(digits[5])
    barred = ImageOps.expand(Image.fromarray(paper), border, fill=(shade,) * 3)
    assert likeness(load_digit_image(barred), load_digit_image(paper)) > 0.97


@pytest.mark.parametrize("corners", [UPRIGHT, ASKEW])
@pytest.mark.parametrize("desk", [40, 110])
@pytest.mark.parametrize("digit", range(10))
def test_a_desk_around_the_sheet_changes_nothing(digits, digit, desk, corners):
    paper = on_paper(digits[digit])
    picture = on_a_desk(paper, corners, desk)
    at_least = 0.95 if corners is UPRIGHT else 0.8  # askew, the digit is askew as well
    assert likeness(load_digit_image(picture), load_digit_image(paper)) > at_least


def test_a_dark_sheet_on_a_light_desk_is_found_too(digits):
    picture = on_a_desk(255 - on_paper(digits[7]), UPRIGHT, 200)
    assert likeness(load_digit_image(picture), load_digit_image(digits[7])) > 0.9


@pytest.mark.parametrize("corners", [UPRIGHT, ASKEW])
def test_the_sheet_is_cut_out_where_it_lies(digits, corners):
    sheet, corner = crop_to_page(open_picture(on_a_desk(on_paper(digits[2]), corners, 60)))
    low, high = np.min(corners, axis=0)[::-1], np.max(corners, axis=0)[::-1]
    np.testing.assert_allclose(corner, low, atol=12)
    np.testing.assert_allclose(np.add(corner, sheet.shape[:2]), high, atol=12)


def test_boxes_of_digits_are_in_pixels_of_the_whole_picture(digits):
    row = on_paper(np.hstack(digits[4:6]))
    framed = ImageOps.expand(Image.fromarray(row), (70, 30, 20, 90), fill="black")
    alone, within = ([digit.box for digit in read_digits(page)] for page in (row, framed))
    assert len(alone) == 2
    np.testing.assert_allclose(within, np.add(alone, (70, 30, 70, 30)), atol=2)


@pytest.mark.parametrize("inverted", [False, True])
def test_digits_that_fill_the_picture_are_no_sheets(digits, inverted):
    for digit in digits:
        rows, columns = np.nonzero(digit < 128)
        tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        for margin in (0, 2, 10):
            page = np.pad(tight, margin, constant_values=255)
            picture = open_picture(255 - page if inverted else page)
            found, corner = crop_to_page(picture)
            assert max(corner) <= 0  # nothing is cut off; what fills the picture gets a margin
            np.testing.assert_array_equal(found.shape[:2] + 2 * np.array(corner), page.shape)


@pytest.mark.parametrize(("wide", "high"), [(60, 160), (110, 150), (24, 180)])
@pytest.mark.parametrize("background", ["plain", "textured"])
def test_a_square_zero_and_a_bar_are_no_sheets(wide, high, background):
    page = np.full((220, 180), 230.0)
    if background == "textured":
        texture = np.random.default_rng(1).normal(0, 1, page.shape).astype("f4")
        page += 8 * cv2.GaussianBlur(texture, (0, 0), 3) * 10
    inside, hole = np.s_[20 : 20 + high, 30 : 30 + wide], np.s_[44 : high - 4, 54 : 6 + wide]
    bold = page.copy()
    bold[inside] = 30
    bold[hole] = page[hole]  # nothing, for a bar
    picture = open_picture(np.clip(bold, 0, 255).astype("u1"))
    assert crop_to_page(picture)[0].shape == picture.shape


@pytest.mark.parametrize("turn", range(4))
def test_light_beside_a_shadow_is_no_sheet(digits, turn):
    paper = on_paper(digits[3]).astype(float)
    y, x = np.indices(paper.shape[:2])
    paper *= np.where(x + 0.4 * y > 110, 0.55, 1)[..., None]
    picture = open_picture(np.rot90(paper, turn).astype("u1"))
    assert crop_to_page(picture)[0].shape == picture.shape


@pytest.mark.parametrize("size", [40, 60, 200])
@pytest.mark.parametrize("directions", [(1, 1), (1, 0), (0, 1)])
def test_light_that_falls_off_is_no_frame(digits, size, directions):
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j] * np.reshape(directions, (2, 1, 1))
    for digit in digits:
        page = cv2.resize(np.pad(digit, 40, constant_values=255), (size, size))
        picture = open_picture((page * (1 - 0.4 * np.minimum(x**2 + y**2, 1))).astype("u1"))
        assert crop_to_page(picture)[0].shape == picture.shape


def test_a_transparent_picture_stays_whole(digits):
    picture = np.dstack([np.zeros((*digits[0].shape, 3), "u1"), 255 - digits[0]])
    assert crop_to_page(picture)[0].shape == picture.shape


@pytest.mark.parametrize("shade", [30, 235])
def test_a_frame_around_nothing_is_a_blank_page(shade):
    page = np.pad(np.full((150, 150), 200, "u1"), 20, constant_values=shade)
    with pytest.raises(ValueError, match="no digit found"):
        load_digit_image(page)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.lists(st.tuples(*[st.integers(0, 89)] * 4, st.integers(0, 255)), max_size=4),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 255)), max_size=3),
)
def test_whatever_rectangles_a_picture_holds_part_of_it_is_left(shape, rectangles, frames):
    page = np.full(shape, 200, np.uint8)
    for top, left, bottom, right, level in rectangles:
        page[top:bottom, left:right] = level
    for width, level in frames:
        page = np.pad(page, width, constant_values=level)
    picture = open_picture(page)
    sheet, (row, column) = crop_to_page(picture)
    assert min(sheet.shape) > 0
    margin = max(4, 0.2 * max(picture.shape))
    assert row + sheet.shape[0] <= picture.shape[0] + margin
    assert column + sheet.shape[1] <= picture.shape[1] + margin


# What is cropped to its ink


def to_its_ink(digit, side, levels=256):
    """Crop a digit to its ink and scale its longer side: dark on light, of two levels or more."""
    rows, columns = np.nonzero(digit < 128)
    tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    size = np.maximum(np.rint(np.array(tight.shape[::-1]) * side / max(tight.shape)), 1)
    tight = cv2.resize(tight, size.astype(int).tolist(), interpolation=cv2.INTER_AREA)
    return np.where(tight > 127, 255, 0).astype("u1") if levels == 2 else tight


@pytest.mark.parametrize("digit", [0, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("side", [16, 20, 28, 64])
@pytest.mark.parametrize("levels", [2, 256])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_digit_cropped_to_its_ink_keeps_all_of_its_strokes(digits, digit, side, levels, inverted):
    tight = to_its_ink(digits[digit], side, levels)
    wide = np.pad(tight, side // 2, constant_values=255)
    tight, wide = (255 - page if inverted else page for page in (tight, wide))
    assert likeness(load_digit_image(tight), load_digit_image(wide)) > 0.95


def test_the_margin_is_a_fifth_of_the_longer_side_and_has_the_color_of_the_background(digits):
    tight = to_its_ink(digits[3], 100) / 255
    page = np.dstack([40 + 200 * tight, 60 + 60 * tight, 90 + 0 * tight]).astype("u1")
    found, corner = crop_to_page(open_picture(page))
    assert corner == (-20, -20)
    assert (found[:20] == (240, 120, 90, 255)).all()
    np.testing.assert_array_equal(found[20:-20, 20:-20, :3], page)


def test_the_margin_of_a_transparent_picture_is_transparent(digits):
    ink = 255 - to_its_ink(digits[8], 64, 2)
    found, (top, left) = crop_to_page(open_picture(np.dstack([0 * ink] * 3 + [ink])))
    assert top < 0
    assert left < 0
    assert found[:-top, ..., 3].max() == 0


def test_boxes_of_digits_lie_in_a_picture_that_is_cropped_to_them(digits):
    tall = [to_its_ink(digit, 100) for digit in digits[3:6]]
    row = np.hstack([np.pad(d, ((0, 0), (0, 12)), constant_values=255) for d in tall])[:, :-12]
    found = read_digits(row)
    boxes = np.array([digit.box for digit in found])
    assert len(found) == 3
    np.testing.assert_allclose(boxes[:, 1], 0, atol=1)
    np.testing.assert_allclose(boxes[:, 3], 100, atol=1)
    np.testing.assert_allclose((boxes[0, 0], boxes[-1, 2]), (0, row.shape[1]), atol=1)


def shaded_crop(digits):
    tight = to_its_ink(digits[2], 120) / 255
    return 255 * tight * np.linspace(1, 0.6, tight.shape[1])


def touching_one_side(digits):
    tight = to_its_ink(digits[2], 120)
    return np.pad(tight, ((0, 30), (30, 30)), constant_values=255)


def with_a_dark_strip(digits):
    page = np.pad(digits[2], 60, constant_values=255)
    page[:, :25] = 70
    return page


def ruled(digits):
    page = np.pad(digits[2], 60, constant_values=255)
    page[20::40] = page[21::40] = 100
    return page


def a_ruled_strip(digits):
    page = np.pad(digits[2][::2, ::2], ((20, 20), (100, 450)), constant_values=255)
    for top in (12, 48, 96):
        page[top : top + 2] = 120
    return page


def only_lines(digits):
    page = np.full((300, 260), 255)
    for top in range(30, 300, 61):
        page[top : top + 3] = 85
    return page


def a_sheet_across(digits):
    corners = np.array([(50, 0), (190, 0), (150, 199), (10, 199)])
    return cv2.fillPoly(np.full((200, 200), 60, np.uint8), [corners], 230)


@pytest.mark.parametrize(
    "page",
    [
        shaded_crop,
        touching_one_side,
        with_a_dark_strip,
        ruled,
        a_ruled_strip,
        only_lines,
        a_sheet_across,
    ],
)
def test_other_pictures_get_no_margin(digits, page):
    picture = open_picture(page(digits).astype("u1"))
    assert min(crop_to_page(picture)[1]) >= 0
