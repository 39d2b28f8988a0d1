"""The figures carry what they should: read back from the Axes that the functions return."""

import base64
import io
import re
from types import SimpleNamespace

import digits_helpers.quiet_tensorflow
import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from digits_helpers import (
    plot_channels,
    plot_computational_graph,
    plot_confusion_matrix,
    plot_detections,
    plot_digits,
    plot_embedding,
    plot_history,
    plot_layers,
    plot_neurons,
    plot_pixel_values,
    plot_probabilities,
    plot_responses,
    plot_runs,
    plot_templates,
    show,
)
from digits_helpers.explorables import base
from digits_helpers.pictures.results import Digit, LeftOut, Reading
from matplotlib.colors import to_rgb
from PIL import Image
from scipy import stats
from sklearn.metrics import confusion_matrix

PROBABILITIES = np.array([0.001, 0.002, 0.02, 0.9, 0.004, 0.04, 0.003, 0.025, 0.003, 0.002])
CURVES = {"loss": [0.9, 0.4, 0.3], "accuracy": [0.71, 0.86, 0.9]}
VALIDATION = {"val_loss": [0.8, 0.45, 0.5], "val_accuracy": [0.75, 0.85, 0.84]}


@pytest.fixture(autouse=True)
def _figures_of_the_series():
    """Draw without a screen, in the style of the notebooks, and close what was drawn."""
    matplotlib.use("Agg")
    with plt.style.context("digits_helpers.digits"):
        yield
    plt.close("all")


@pytest.fixture
def images():
    faint_to_bright = np.arange(1, 8, dtype=np.uint8)[:, None, None]
    return faint_to_bright * np.random.default_rng(0).integers(0, 30, (7, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def model():
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def texts(ax):
    """Return what is written on the Axes, by row from top to bottom, each from left to right."""
    rows = {}
    for text in sorted(ax.texts, key=lambda text: text.get_position()):
        if text.get_text():
            rows.setdefault(text.get_position()[1], []).append(text.get_text())
    return [rows[height] for height in sorted(rows, reverse=True)]


def line_data(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


def test_a_grid_shows_every_image_in_order_white_on_black_on_one_scale(images):
    axes = plot_digits(images, columns=3)
    assert len(axes) == 7
    for ax, image in zip(axes, images, strict=True):
        (drawn,) = ax.images
        np.testing.assert_array_equal(drawn.get_array(), image)
        assert drawn.get_clim() == (0, images.max())
        assert drawn.cmap(0)[:3] == (0, 0, 0)
        assert drawn.cmap(1.0)[:3] == (1, 1, 1)
    places = [ax.get_position() for ax in axes]
    assert [round(place.x0, 6) for place in places[:3]] == [
        round(place.x0, 6) for place in places[3:6]
    ]
    assert places[0].x0 < places[1].x0 < places[2].x0
    assert places[0].y0 > places[3].y0 > places[6].y0


def test_places_without_an_image_stay_empty(images):
    figure = plot_digits(images, columns=5)[0].figure
    assert len(figure.axes) == 10
    assert not any(ax.axison for ax in figure.axes)
    assert sum(len(ax.images) for ax in figure.axes) == 7


def test_each_image_has_its_title_and_the_figure_its_heading(images):
    axes = plot_digits(images, range(7), heading="Seven")
    assert [ax.get_title() for ax in axes] == list("0123456")
    assert axes[0].figure.get_suptitle() == "Seven"


def test_blank_images_are_drawn_black():
    (ax,) = plot_digits(np.zeros((1, 28, 28)))
    ax.figure.canvas.draw()
    assert ax.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("shape", [(28, 28), (784,), (5, 784), (0, 28, 28), (5, 28, 28, 1)])
def test_images_of_another_shape_are_refused_with_what_to_do(shape):
    with pytest.raises(ValueError, match=r"\(n, height, width\).*reshape") as error:
        plot_digits(np.zeros(shape))
    assert str(shape) in str(error.value)


@pytest.mark.parametrize("n", [0, 6, 8])
def test_there_is_a_title_for_each_image_or_none(images, n):
    with pytest.raises(ValueError, match=rf"7 images.*{n}"):
        plot_digits(images, ["?"] * n)


def test_a_confusion_matrix_has_true_digits_down_and_predictions_across():
    random = np.random.default_rng(0)
    true = random.integers(0, 10, 500)
    predictions = np.where(random.random(500) < 0.6, true, random.integers(0, 10, 500))
    matrix = confusion_matrix(true, predictions)
    ax = plot_confusion_matrix(matrix, title="Ten by ten")
    np.testing.assert_array_equal(ax.collections[0].get_array().reshape(10, 10), matrix)
    assert ax.yaxis_inverted()  # the row of digit 0 is at the top
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {
        (j + 0.5, i + 0.5): str(np.sum((true == i) & (predictions == j)))
        for i in range(10)
        for j in range(10)
    }
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true digit", "predicted digit")
    assert ax.get_title(loc="left") == "Ten by ten"


def test_fractions_are_written_as_the_format_says():
    ax = plot_confusion_matrix(np.eye(10) / 4, fmt=".0%")
    assert {text.get_text() for text in ax.texts} == {"25%", "0%"}


def test_the_bars_are_the_probabilities_and_the_largest_has_a_color_of_its_own():
    ax = plot_probabilities(PROBABILITIES, title="A 3")
    assert [bar.get_height() for bar in ax.patches] == PROBABILITIES.tolist()
    centers = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    np.testing.assert_allclose(centers, range(10))
    colors = [to_rgb(bar.get_facecolor()) for bar in ax.patches]
    assert [d for d in range(10) if colors.count(colors[d]) == 1] == [3]
    assert ax.get_title(loc="left") == "A 3"


def test_probabilities_that_round_to_0_percent_have_no_label():
    ax = plot_probabilities(PROBABILITIES)
    labels = [text.get_text() for text in ax.texts]
    assert labels == ["", "", "2%", "90%", "", "4%", "", "2%", "", ""]


@pytest.mark.parametrize("shape", [(1, 10), (5, 10), (9,), ()])
def test_probabilities_of_no_or_several_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(10,\)") as error:
        plot_probabilities(np.full(shape, 0.1))
    assert str(shape) in str(error.value)


def test_a_history_is_drawn_from_epoch_1_with_accuracy_in_percent():
    loss, accuracy = plot_history(SimpleNamespace(history=CURVES | VALIDATION), heading="Learning")
    assert line_data(loss) == {
        "training": [[1, 0.9], [2, 0.4], [3, 0.3]],
        "validation": [[1, 0.8], [2, 0.45], [3, 0.5]],
    }
    assert line_data(accuracy) == {
        "training": [[1, 71], [2, 86], [3, 90]],
        "validation": [[1, 75], [2, 85], [3, 84]],
    }
    assert loss.figure.get_suptitle() == "Learning"
    assert "%" in accuracy.get_ylabel()


def test_validation_is_drawn_only_if_it_was_measured():
    for ax in plot_history(SimpleNamespace(history=CURVES)):
        assert list(line_data(ax)) == ["training"]
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training"]


@pytest.mark.parametrize("scale", [1, 0.1, 0.001])
def test_every_point_of_a_history_lies_within_the_frame(scale):
    curves = {
        "loss": [scale * loss for loss in CURVES["loss"]],
        "accuracy": [1 - scale * (1 - accuracy) for accuracy in CURVES["accuracy"]],
    }
    for ax in plot_history(SimpleNamespace(history=curves)):
        low, high = ax.get_ylim()
        for _, y in line_data(ax)["training"]:
            assert low <= y <= high


def test_a_chart_of_a_model_states_shapes_and_parameters_of_its_layers(model):
    shapes, names, parameters = texts(plot_layers(model))
    assert shapes == ["shape", "28 × 28", "784", "100", "100", "10"]
    assert names == ["Input", "Flatten", "Dense\nrelu", "Dropout", "Dense\nsoftmax"]
    assert parameters == ["parameters", "–", "–", "78,500", "–", "1,010"]  # 784 × 100 + 100, ...
    counts = [int(count.replace(",", "")) for count in parameters[1:] if count != "–"]
    assert sum(counts) == model.count_params()


def test_a_functional_model_has_the_same_chart_as_a_sequential_one(model):
    functional = keras.Model(model.inputs, model.outputs)
    assert texts(plot_layers(functional)) == texts(plot_layers(model))


def test_a_small_network_is_drawn_whole_with_a_line_for_each_weight():
    ax = plot_neurons([3, 4, 2], title="Small")
    bundles = [lines for lines in ax.collections if hasattr(lines, "get_segments")]
    assert [len(bundle.get_segments()) for bundle in bundles] == [3, 3, 3, 3, 4, 4]
    circles = [dots.get_offsets() for dots in ax.collections if not hasattr(dots, "get_segments")]
    assert [len(places) for places in circles] == [3, 4, 2]
    assert [places[0][0] for places in circles] == [0, 1, 2]
    words = " ".join(text.get_text() for text in ax.texts)
    for part in ("input layer\n3", "hidden layer\n4", "output layer\n2"):
        assert part in words
    assert "3 × 4 weights\n+ 4 biases" in words
    assert "4 × 2 weights\n+ 2 biases" in words


def test_of_a_large_layer_the_ends_are_drawn_and_dots_between_them():
    ax = plot_neurons([784, 10])
    inputs, outputs = (
        dots.get_offsets() for dots in ax.collections if not hasattr(dots, "get_segments")
    )
    assert (len(inputs), len(outputs)) == (8, 10)
    words = [text.get_text() for text in ax.texts]
    assert words.count("⋮") == 1
    assert [word for word in words if word in "0123456789"] == list("0123456789")
    assert not ((inputs[:, 1] > -0.1) & (inputs[:, 1] < 0.1)).any()


def test_the_weights_of_a_highlighted_neuron_have_another_color():
    ax = plot_neurons([3, 2], highlight=1)
    bundles = [lines for lines in ax.collections if hasattr(lines, "get_segments")]
    assert [tuple(b.get_colors()[0][:3]) for b in bundles] == [to_rgb("#BBBBBB"), to_rgb("#0072B2")]


@pytest.mark.parametrize("sizes", [[784], [], [784, 0]])
def test_a_network_without_a_layer_is_refused_with_what_to_write(sizes):
    with pytest.raises(ValueError, match=r"\[784, 10\]"):
        plot_neurons(sizes)


def test_each_layer_needs_a_name_or_none():
    with pytest.raises(ValueError, match="2 layers, got 1"):
        plot_neurons([3, 2], names=["pixels"])


GRAPH = {
    "values": {"x": 2.0, "y": -3.0},
    "positions": {"x": (0, 0), "y": (1, 0)},
    "edges": {("x", "y"): -1.5},
}


def test_a_graph_shows_values_and_with_gradients_what_they_are_multiplied_by():
    ax = plot_computational_graph(**GRAPH, title="Twice")
    assert [t.get_text() for t in ax.texts if t.get_text()] == ["x", "2", "y", "−3"]
    ax = plot_computational_graph(**GRAPH, gradients={"x": -1.5, "y": 1.0})
    assert [t.get_text() for t in ax.texts if t.get_text()] == [
        *["× −1.5", "x", "2", "−1.5", "y", "−3", "1"]
    ]
    arrow = next(text for text in ax.texts if getattr(text, "arrow_patch", None))
    assert (arrow.xyann, arrow.xy) == ((0, 0), (1, 0))


def test_an_edge_to_a_node_that_is_missing_is_refused():
    with pytest.raises(ValueError, match=r"got edges of \['z'\]"):
        plot_computational_graph(**GRAPH | {"edges": {("x", "z"): 1}})


def test_templates_are_drawn_on_one_scale_with_0_in_its_middle():
    templates = np.linspace(-1, 2, 7840).reshape(10, 28, 28)
    axes = plot_templates(templates, heading="Ten")
    assert [ax.get_title("center") for ax in axes] == list("0123456789")
    for ax, template in zip(axes, templates, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), template)
        assert ax.images[0].get_clim() == (-2, 2)
    assert axes[0].figure.get_suptitle() == "Ten"
    assert plot_templates(templates, limit=0.5)[3].images[0].get_clim() == (-0.5, 0.5)


def test_templates_have_the_colors_of_the_interactive_figures():
    css = (base.FOLDER / "shared.css").read_text("utf-8")
    drawn = plot_templates(np.zeros((10, 28, 28)), limit=1)[0].images[0]
    for number, name in ((-1, "negative"), (0, "zero"), (1, "positive")):
        color = re.search(rf"--digits-{name}: light-dark\((#\w+),", css)[1]
        np.testing.assert_allclose(drawn.to_rgba([number])[0, :3], to_rgb(color), atol=1e-9)


def test_weights_that_are_no_pictures_yet_are_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"\(784, 10\).*reshape"):
        plot_templates(np.zeros((784, 10)))


@pytest.mark.parametrize(
    ("plot", "what"),
    [
        (plot_neurons, [5, 3]),
        (plot_probabilities, PROBABILITIES),
        (plot_confusion_matrix, np.eye(10, dtype=int)),
        (plot_layers, None),
    ],
)
def test_axes_that_are_given_are_drawn_on_and_returned(plot, what, model):
    _, ax = plt.subplots()
    number = len(plt.get_fignums())
    assert plot(model if what is None else what, ax, title="Mine") is ax
    assert ax.get_title(loc="left") == "Mine"
    assert ax.texts
    assert len(plt.get_fignums()) == number


def test_two_axes_that_are_given_are_drawn_on_and_returned():
    _, axes = plt.subplots(2, 1)
    drawn = plot_history(SimpleNamespace(history=CURVES), axes)
    assert list(drawn) == list(axes)
    assert [len(ax.lines) for ax in axes] == [1, 1]
    assert len(plt.get_fignums()) == 1


@pytest.fixture
def shown(monkeypatch):
    """Return the list of what is displayed in place of a notebook."""
    displays = []
    monkeypatch.setattr(
        "IPython.display.display", lambda *data, **options: displays.append((*data, options))
    )
    return displays


@pytest.mark.parametrize("kind", ["figure", "axes", "array of axes"])
def test_a_figure_is_shown_once_with_its_description_and_closed(shown, kind):
    figure, axes = plt.subplots(1, 2)
    axes[0].set_facecolor("red")
    show({"figure": figure, "axes": axes[0], "array of axes": axes}[kind], "Half of it is red.")
    ((data, options),) = shown
    assert data["text/plain"] == "Half of it is red."
    assert options["metadata"]["image/png"]["alt"] == "Half of it is red."
    assert options["raw"]
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        assert image.format == "PNG"
        assert "Software" not in image.info  # the version of Matplotlib
        red = np.abs(np.asarray(image.convert("RGB")) - np.array([255, 0, 0])).max(axis=2) < 8
    assert 0.3 < red.mean() < 0.5  # one of two Axes
    assert plt.get_fignums() == []


def test_the_same_figure_is_the_same_bytes(shown):
    for _ in range(2):
        show(plot_probabilities(PROBABILITIES), "A 3.")
    assert shown[0] == shown[1]


def test_a_reading_lies_over_the_picture_in_pixels_of_the_original():
    picture = np.full((1200, 2000), 255, np.uint8)  # drawn from fewer pixels
    certain, doubtful = np.eye(10)[4], np.full(10, 0.05)
    doubtful[7] = 0.55
    digits = [
        Digit(4, certain, (100, 200, 400, 900)),
        Digit(7, doubtful, (900, 250, 1300, 950)),
        Digit(4, certain, (100, 1000, 200, 1100), row=1),
    ]
    ax = plot_detections(picture, digits)
    assert ax.get_title(loc="left") == "Read as 47 / 4"  # where the style of the series puts it
    np.testing.assert_allclose(ax.images[0].get_extent(), [0, 2000, 1200, 0], rtol=0.01)
    boxes = [box.get_bbox().extents.tolist() for box in ax.patches]
    assert boxes == [[100, 200, 400, 900], [900, 250, 1300, 950], [100, 1000, 200, 1100]]
    assert [text.get_text() for text in ax.texts] == ["4", "7 55%", "4"]
    assert [box.get_linestyle() for box in ax.patches] == ["-", "--", "-"]


def test_what_was_left_out_has_a_dotted_box_and_the_reason():
    reading = Reading([], [LeftOut((100, 200, 400, 220), "a line")])
    ax = plot_detections(np.full((300, 500), 255, np.uint8), reading)
    (box,), (text,) = ax.patches, ax.texts
    assert (ax.get_title(loc="left"), text.get_text()) == ("No digit was read", "a line")
    assert box.get_bbox().extents.tolist() == [100, 200, 400, 220]
    assert box.get_linestyle() == ":"


def test_runs_are_dots_beside_their_mean_and_its_student_interval():
    groups = {"a": [97.0, 98.0, 99.0], 10: [91.0, 95.0, 90.0, 92.0]}
    ax = plot_runs(groups, title="b")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "10"]
    for place, (values, bars) in enumerate(zip(groups.values(), ax.containers, strict=True)):
        assert ax.lines[4 * place].get_ydata().tolist() == values
        mean, (low, high), _ = bars
        assert mean.get_ydata() == pytest.approx([np.mean(values)])
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert low.get_ydata() == pytest.approx([expected.low])
        assert high.get_ydata() == pytest.approx([expected.high])


def test_diverged_runs_are_left_out_and_a_single_run_has_no_interval():
    ax = plot_runs({"a": [97.0, np.nan, 99.0, np.inf], "b": [np.nan], "c": [5.0]})
    assert [len(line.get_ydata()) for line in ax.lines[:1]] == [2]
    assert len(ax.containers) == 1
    assert ax.containers[0][0].get_ydata() == pytest.approx([98])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]


def test_each_pixel_of_an_image_has_its_value_written_on_it():
    image = np.array([[0, 128], [255, 7], [3, 4]], dtype=np.uint8)
    ax = plot_pixel_values(image, title="Six pixels")
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {
        (column, row): str(image[row, column]) for row in range(3) for column in range(2)
    }
    (drawn,) = ax.images
    np.testing.assert_array_equal(drawn.get_array(), image)
    assert (drawn.get_cmap().name, drawn.norm.vmin, drawn.norm.vmax) == ("gray", 0, 255)
    assert ax.get_title(loc="left") == "Six pixels"


def test_a_value_can_be_read_on_every_gray():
    ax = plot_pixel_values(np.arange(256).reshape(16, 16))
    for text in ax.texts:
        background = int(text.get_text()) / 255
        contrast = (luminance(max(to_rgb(text.get_color())[0], background)) + 0.05) / (
            luminance(min(to_rgb(text.get_color())[0], background)) + 0.05
        )
        assert contrast >= 4.5, text.get_text()


def luminance(gray):
    """Return the relative luminance of a gray of sRGB, as WCAG 2.2 defines it."""
    return gray / 12.92 if gray <= 0.04045 else ((gray + 0.055) / 1.055) ** 2.4


def test_pixel_values_are_those_of_one_image():
    with pytest.raises(ValueError, match=r"got \(2, 28, 28\): write images\[0\]"):
        plot_pixel_values(np.zeros((2, 28, 28)))


def test_a_map_shows_images_at_their_points_in_their_colors():
    images = np.zeros((3, 28, 28))
    images[:, 14, 14] = 1  # near the center
    points = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 4.0]])
    ax = plot_embedding(points, images, colors=["red", "lime", "blue"])
    (drawn,) = ax.images
    plane = np.asarray(drawn.get_array())
    left, right, bottom, top = drawn.get_extent()
    rows, columns = np.nonzero(plane.any(axis=2))
    assert len(rows) == 3
    for row, column in zip(rows, columns, strict=True):
        x = left + (column + 0.5) / plane.shape[1] * (right - left)
        y = top - (row + 0.5) / plane.shape[0] * (top - bottom)
        i = np.abs(points - (x, y)).sum(axis=1).argmin()
        np.testing.assert_allclose((x, y), points[i], atol=0.02)
        assert plane[row, column].tolist() == np.eye(3)[i].tolist()


def test_a_map_leaves_out_an_image_that_would_cover_an_earlier_one():
    images = np.ones((4, 28, 28))
    images[1] = 0.5
    points = np.array([[0.0, 0.0], [0.001, 0.001], [1.0, 1.0], [0.5, 0.5]])
    (drawn,) = plot_embedding(points, images).images
    plane = np.asarray(drawn.get_array())
    assert set(np.unique(plane)) == {0, 1}
    assert plane[..., 0].sum() == 3 * 22 * 22


def test_a_map_needs_a_point_for_each_image():
    with pytest.raises(ValueError, match=r"shape \(3, 2\), got \(2, 2\)"):
        plot_embedding(np.zeros((2, 2)), np.zeros((3, 28, 28)))


def drawn(ax):
    return ax.images[0].get_array()


def test_each_kernel_stands_beside_its_response_with_0_in_the_middle_of_the_scale(images):
    kernels = {
        "same": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
        "from the left": np.array([[0, 0, 0], [-2, 0, 0], [0, 0, 0]]),
    }
    axes = plot_responses(images[6], kernels, columns=2, heading="Responses")
    assert [axes[0].get_title("left"), axes[2].get_title("left")] == list(kernels)
    np.testing.assert_array_equal(drawn(axes[0]), kernels["same"])
    np.testing.assert_array_equal(drawn(axes[1]), images[6])
    moved = np.zeros((28, 28))
    moved[:, 1:] = -2.0 * images[6][:, :-1]
    np.testing.assert_array_equal(drawn(axes[3]), moved)
    for ax in axes:
        low, high = ax.images[0].get_clim()
        assert low == -high < 0
    assert [text.get_text() for text in axes[2].texts] == ["0"] * 3 + ["−2"] + ["0"] * 5


def test_of_a_large_kernel_the_weights_are_not_written():
    axes = plot_responses(np.eye(28), {"mean": np.full((5, 5), 0.04)})
    assert not axes[0].texts
    assert not any(ax.axison for ax in axes[2:])  # places without a kernel


def test_a_filter_adds_its_channels_and_the_bias_before_relu(images):
    channels = {"first": images[2] / 60, "second": images[5] / 60}
    kernels = np.zeros((3, 3, 2))
    kernels[1, 1] = [1, -2]
    image, *rows, total = plot_channels(images[0], channels, kernels, bias=0.5, heading="A filter")
    np.testing.assert_array_equal(drawn(image), images[0])
    np.testing.assert_allclose(drawn(rows[5]), -2 * channels["second"])
    expected = np.maximum(channels["first"] - 2 * channels["second"] + 0.5, 0)
    np.testing.assert_allclose(drawn(total), expected)


def test_a_filter_has_a_kernel_for_each_channel(images):
    with pytest.raises(ValueError, match=r"\(rows, columns, 2\).*got \(3, 3, 1\)"):
        plot_channels(images[0], {"a": images[1], "b": images[2]}, np.zeros((3, 3, 1)))
