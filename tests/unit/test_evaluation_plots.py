"""Figures about predictions show what they say: read back from the Axes that are returned."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from digits_helpers import plot_confused_pair, plot_confusion_matrix, plot_reliability
from sklearn.calibration import calibration_curve


@pytest.fixture(autouse=True)
def _figures_of_the_series():
    """Draw without a screen, in the style of the notebooks, and close what was drawn."""
    matplotlib.use("Agg")
    with plt.style.context("digits_helpers.digits"):
        yield
    plt.close("all")


@pytest.fixture
def scored():
    """Return confidences and whether the prediction is correct, of an overconfident model."""
    random = np.random.default_rng(0)
    confidence = random.uniform(0.3, 1, 3000)
    return confidence, random.random(3000) < 0.8 * confidence


def points(ax):
    """Return mean confidence, accuracy and the ends of the interval of each bin that is drawn."""
    places = np.array([bar[0].get_xydata()[0] for bar in ax.containers])
    ends = np.array([bar[2][0].get_segments()[0][:, 1] for bar in ax.containers])
    return *places.T, *ends.T


@pytest.mark.parametrize("bins", [5, 10, 20])
def test_the_points_of_a_reliability_diagram_are_those_of_scikit_learn(scored, bins):
    means, accuracies, *_ = points(plot_reliability(*scored, bins=bins))
    expected = calibration_curve(scored[1], scored[0], n_bins=bins)
    np.testing.assert_allclose(accuracies, expected[0])
    np.testing.assert_allclose(means, expected[1])


def test_the_interval_of_a_bin_is_wilsons():
    correct = np.arange(50) < 40
    _, _, (low,), (high,) = points(plot_reliability(np.full(50, 0.95), correct))
    n, p, z = 50, 0.8, 1.959964  # Wilson (1927)
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    np.testing.assert_allclose([low, high], [middle - half, middle + half], rtol=1e-6)


def test_below_each_bin_stands_its_number_of_images_and_a_confidence_of_1_is_in_the_last():
    ax = plot_reliability([0.45, 0.45, 1.0, 1.0, 0.99], [True, False, True, True, True])
    assert [text.get_text() for text in ax.texts] == ["2", "3", "images"]
    assert [text.get_position()[0] for text in ax.texts[:2]] == pytest.approx([0.45, 0.95])


def test_a_bin_where_all_predictions_are_correct_can_be_drawn():
    _, accuracies, _, ends = points(plot_reliability([0.95] * 4889, [True] * 4889))
    assert accuracies == ends == 1


def test_confidences_without_a_result_for_each_are_refused():
    with pytest.raises(ValueError, match=r"one confidence .* \(3,\) and \(2,\)"):
        plot_reliability([0.5, 0.6, 0.7], [True, False])


def test_the_panels_of_a_pair_hold_the_images_of_their_cells_in_order():
    labels = np.array([4, 9, 4, 9, 4, 3, 9])
    predictions = np.array([4, 4, 9, 9, 4, 9, 9])
    images = np.arange(1, 8)[:, None, None] * np.full((7, 2, 2), 0.1)
    axes = plot_confused_pair(images, labels, predictions, (4, 9), columns=2, heading="4 and 9")
    shown = [ax.images[0].get_array()[::2, ::2].ravel().round(1).tolist() for ax in axes.flat]
    assert shown == [[0.1, 0.5, 0, 0], [0.3, 0, 0, 0], [0.2, 0, 0, 0], [0.4, 0.7, 0, 0]]
    assert axes[0, 1].get_title(loc="left") == "4 predicted as 9: 1 of 1"
    assert axes[0, 0].figure.get_suptitle() == "4 and 9"


def test_a_panel_holds_the_first_images_where_there_are_more():
    axes = plot_confused_pair(np.ones((9, 2, 2)), np.full(9, 4), np.full(9, 9), (4, 9), columns=2)
    assert axes[0, 1].get_title(loc="left") == "4 predicted as 9: 4 of 9"


def test_a_pair_without_a_prediction_for_each_image_is_refused():
    with pytest.raises(ValueError, match="3 images, got 3 labels and 2 predictions"):
        plot_confused_pair(np.zeros((3, 28, 28)), [4, 9, 4], [4, 9], (4, 9))


def test_cells_of_a_matrix_may_be_empty_and_zeros_unwritten():
    rates = np.array([[np.nan, 0.04, 2.5], [0, np.nan, 1.25], [0.3, 0, np.nan]])
    ax = plot_confusion_matrix(rates, fmt=".1f", vmax=5, unit="% of a row", zeros=False)
    assert [text.get_text() for text in ax.texts if text.get_visible()] == ["2.5", "1.2", "0.3"]
    assert ax.collections[0].get_clim() == (0, 5)
    assert ax.collections[0].colorbar.ax.get_ylabel() == "% of a row"
