"""The steps from a gray picture to its ink, each for itself."""

import cv2
import numpy as np
import pytest
from digits_helpers import (
    normalize_polarity,
    remove_ruled_lines,
    subtract_background,
    threshold_ink,
)
from PIL import Image, ImageDraw

SIZES = [(40, 40), (180, 260), (500, 420)]


def draw(shape, width=0.05):
    """Draw a 4 in the middle: 1 where there is ink."""
    image = Image.new("F", shape[::-1], 0)
    side = min(shape)
    y, x = (np.array(shape) - side) / 2
    points = np.array([(0.6, 0.8), (0.6, 0.2), (0.3, 0.6), (0.75, 0.6)]) * side + (x, y)
    pen = max(1, round(width * side))
    ImageDraw.Draw(image).line([tuple(p) for p in points], fill=1, width=pen)
    return np.asarray(image)


def shadow(shape, slope):
    """Return light of 1 beside a sharp shadow of 0.6."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return np.where(y > 0.45 + slope * (x - 0.5), 0.6, 1.0).astype(np.float32)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("width", [0.03, 0.08, 0.2])
@pytest.mark.parametrize("slope", [None, 0.3])
def test_ink_is_raised_whether_dark_or_light(shape, width, slope):
    light = 1 if slope is None else shadow(shape, slope)
    dark = (0.9 * light * (1 - 0.7 * draw(shape, width))).astype(np.float32)
    np.testing.assert_array_equal(normalize_polarity(dark), 1 - dark)
    np.testing.assert_array_equal(normalize_polarity(1 - dark), 1 - dark)


@pytest.mark.parametrize("slope", [-0.5, 0, 0.3, 1])
def test_the_edge_of_a_shadow_leaves_no_trace_and_ink_keeps_its_contrast(slope):
    """An opening keeps a half-plane; ink of 30 % of the paper's brightness has contrast 0.7."""
    drawn = draw((300, 300))
    page = shadow(drawn.shape, slope) * (1 - 0.7 * drawn)
    flat = subtract_background((1 - page).astype(np.float32))
    np.testing.assert_allclose(np.median(flat[drawn == 1]), 0.7, atol=0.02)
    assert np.mean(flat[drawn == 0] > 0.1) < 0.002


@pytest.mark.parametrize("tilt", [0, 0.02, -0.03])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("depth", [0.3, 0.7])
def test_ruled_lines_go_and_strokes_stay(tilt, transposed, depth):
    drawn = 0.7 * draw((400, 400))
    y, x = np.mgrid[:400, :400]
    lines = np.where((y + tilt * x + 13) % 45 < 2, depth, 0).astype(np.float32)
    page = np.maximum(drawn, lines.T if transposed else lines)
    inside = np.s_[20:-20, 20:-20]  # a tilted line at the border is cut short
    left, drawn = remove_ruled_lines(page)[inside], drawn[inside]
    assert np.mean(left[drawn == 0] > 0) < 0.002
    assert np.mean(left[drawn > 0] > 0) > 0.9


def test_without_lines_nothing_changes():
    drawn = draw((300, 300))
    np.testing.assert_array_equal(remove_ruled_lines(drawn), drawn)


@pytest.mark.parametrize(
    "points",
    [
        [(0, 2), (139, 1), (60, 203)],  # a 7
        [(2, 0), (2, 120), (139, 118), (70, 118), (70, 203), (70, 40)],  # a 4
        [(5, 60), (70, 0), (136, 60), (1, 201), (139, 202)],  # a 2
    ],
)
def test_a_stroke_across_a_tight_crop_is_no_ruled_line(points):
    image = Image.new("F", (140, 204), 0)
    ImageDraw.Draw(image).line(points, fill=1, width=3)
    drawn = np.asarray(image)
    np.testing.assert_array_equal(remove_ruled_lines(drawn), drawn)


def test_a_single_ruled_line_below_a_digit_goes():
    drawn = draw((300, 300))
    page = drawn.copy()
    page[270:272] = 0.6
    np.testing.assert_array_equal(remove_ruled_lines(page)[280:] > 0, False)
    assert np.mean(remove_ruled_lines(page)[268:275] > 0) < 0.002
    np.testing.assert_array_equal(remove_ruled_lines(page)[:260], drawn[:260])


@pytest.mark.parametrize("seed", range(6))
def test_the_texture_of_the_paper_is_not_taken_for_the_digit(seed):
    drawn = draw((260, 260), 0.04)
    texture = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, drawn.shape), (0, 0), 2.5)
    page = 0.7 * (1 - 0.5 * drawn) + 0.08 * texture / texture.std()
    flat = subtract_background(normalize_polarity(page.astype(np.float32)))
    assert flat[drawn == 1].mean() > flat[drawn == 0].mean() + 0.2


@pytest.mark.parametrize("seed", range(4))
def test_texture_is_cut_off_below_the_digit(seed):
    """Half of the background is grainier than the other, from which the noise is estimated."""
    drawn = draw((300, 300), 0.06)
    texture = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, drawn.shape), (0, 0), 1)
    texture[:150] *= 0.2
    flat = 0.5 * drawn + 0.15 * texture / texture[150:].std()
    found = threshold_ink(flat.astype(np.float32))
    assert np.mean(found[drawn == 1] > 0.5) > 0.9
    assert np.mean(found[drawn == 0] > 0) < 0.06


def test_a_faint_part_shows_beside_a_dark_one_and_a_trace_does_not():
    flat = np.zeros((200, 200), np.float32)
    flat[40:160, 40:52], flat[40:160, 90:102], flat[40:160, 140:152] = 0.8, 0.4, 0.1
    found = threshold_ink(flat)
    assert found[100, 45] > 0.85
    assert found[100, 95] > 0.85
    assert found[100, 145] == 0
    assert found[:20].max() == 0


def test_what_is_flat_has_no_ink():
    with pytest.raises(ValueError, match="no digit"):
        threshold_ink(np.zeros((50, 50), np.float32))
