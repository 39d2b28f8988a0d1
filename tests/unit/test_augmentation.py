"""augment: images vary as handwriting does, and stay what they are."""

import numpy as np
import pytest
from digits_helpers import augment, load_mnist, load_reference_model
from digits_helpers.augmentation import (
    elastic_displacements,
    vary_contrast,
    vary_stroke_width,
    warp,
)
from scipy.ndimage import center_of_mass

STEPS = [augment, vary_stroke_width, warp, vary_contrast]


@pytest.fixture(scope="module")
def digits():
    _, (images, labels) = load_mnist()
    return images[:1000] / np.float32(255), labels[:1000]


@pytest.mark.parametrize("step", STEPS)
def test_shape_type_and_range_stay_and_the_images_given_are_not_touched(step, digits):
    images = digits[0][:100]
    before = images.copy()
    augmented = step(images, np.random.default_rng(1))
    assert (augmented.shape, augmented.dtype) == (images.shape, np.float32)
    assert 0 <= augmented.min() <= augmented.max() <= 1
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("step", STEPS)
def test_a_seed_gives_the_same_augmented_images_again_and_another_seed_others(step, digits):
    first, again, other = (step(digits[0][:20], np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("step", STEPS)
def test_each_image_varies_in_a_way_of_its_own(step, digits):
    augmented = step(np.repeat(digits[0][:1], 50, axis=0), np.random.default_rng(1))
    assert len(np.unique(augmented, axis=0)) == 50


def test_an_empty_image_stays_empty():
    assert not augment(np.zeros((3, 28, 28), np.float32), np.random.default_rng(1)).any()


def test_the_network_reads_augmented_digits_as_what_they_were(digits):
    images, labels = digits
    augmented = augment(images, np.random.default_rng(1))
    predictions = load_reference_model("cnn").predict(augmented, verbose=0).argmax(axis=1)
    assert np.mean(predictions == labels) > 0.97


def test_a_pen_stroke_grows_by_three_pixels_at_most_and_shrinks_by_one():
    line = np.zeros((500, 28, 28), np.float32)
    line[:, :, 12:15] = 1
    widths = vary_stroke_width(line, np.random.default_rng(1))[:, 14].sum(axis=1)
    assert 2 <= widths.min() < 2.1
    assert 5.8 < widths.max() <= 6


def test_warping_moves_the_center_of_a_digit_by_a_few_pixels_at_most(digits):
    images = digits[0][:200]
    augmented = warp(images, np.random.default_rng(1))
    moves = np.abs(
        [
            np.subtract(center_of_mass(a), center_of_mass(b))
            for a, b in zip(images, augmented, strict=True)
        ]
    )
    assert 0.5 < moves.mean() < 1.5
    assert moves.max() < 4


def slants(images):
    """Return how far the regression line through the ink of each image rises per column."""
    rows, columns = np.mgrid[:28, :28]
    values = []
    for image in images:
        row, column = center_of_mass(image)
        moment = ((rows - row) * (columns - column) * image).sum()
        values.append(moment / ((columns - column) ** 2 * image).sum())
    return values


def test_horizontal_strokes_are_rotated_and_sheared_and_vertical_ones_rotated_as_far_as_stated():
    bar = np.zeros((2000, 28, 28), np.float32)
    bar[:, 13:15, 4:24] = 1
    horizontal = slants(warp(bar, np.random.default_rng(1)))
    vertical = slants(warp(bar.swapaxes(1, 2), np.random.default_rng(1)).swapaxes(1, 2))
    angle, shear = np.random.default_rng(2).uniform([-15, -0.3], [15, 0.3], (10_000, 2)).T
    turn = np.tan(np.deg2rad(angle))
    # stretching and elastic_displacements add a few per cent
    assert np.std(horizontal) == pytest.approx(np.std(turn + shear), rel=0.1)
    assert np.std(vertical) == pytest.approx(np.std(turn), rel=0.1)


def test_elastic_displacements_are_smooth():
    field = elastic_displacements(20, 28, np.random.default_rng(1))
    assert field.shape == (2, 20, 28, 28)
    assert 0.3 < field.std() < 1.5
    # a step of one pixel along or across never folds the image over itself
    assert max(np.abs(np.diff(field, axis=axis)).max() for axis in (2, 3)) < 1


def test_varying_contrast_keeps_background_and_full_ink_and_never_swaps_two_gray_levels():
    ramp = np.tile(np.linspace(0, 1, 28, dtype=np.float32), (200, 28, 1))
    contrasted = vary_contrast(ramp, np.random.default_rng(1))
    assert (contrasted[..., 0] == 0).all()
    assert (contrasted[..., -1] == 1).all()
    steps = np.diff(contrasted[:, 0], axis=1)
    assert steps.min() >= 0
    # three times as hard at most where the power is 1; some images nearly so, some hardly
    steepest = steps[:, 13] * 27  # at the middle gray
    assert steepest.min() < 1.2
    assert 2 < steepest.max() <= 3 * 1.65


def test_warping_at_strength_0_leaves_the_images_as_they_are(digits):
    images = digits[0][:50]
    augmented = warp(images, np.random.default_rng(1), strength=0)
    np.testing.assert_allclose(augmented, images, atol=1e-4)


def test_half_the_strength_rotates_and_shears_half_as_far():
    bar = np.zeros((2000, 28, 28), np.float32)
    bar[:, 13:15, 4:24] = 1
    whole, half = (np.std(slants(warp(bar, np.random.default_rng(1), s))) for s in (1, 0.5))
    assert half == pytest.approx(whole / 2, rel=0.05)
