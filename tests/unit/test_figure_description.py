"""What is noted of a figure: all that it says and draws, so that another figure is told from it."""

import io

import numpy as np
import pytest
from digits_helpers.figure_description import shapes, words
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle


def drawn(draw, axes=1, **size):
    """Return a figure of 500 by 500 pixels, in which the Axes have 100 to 400, after `draw`."""
    figure = Figure(figsize=(5, 5), dpi=100)
    if axes == 1:
        draw(figure.add_axes((0.2, 0.2, 0.6, 0.6), xlim=(0, 10), ylim=(0, 10)))
    else:
        draw(*figure.subplots(1, axes))
    figure.savefig(io.BytesIO())
    return figure


def test_titles_labels_ticks_legend_and_annotations_are_written_down():
    def draw(ax):
        ax.plot([1, 2], [3, 4], label="training")
        ax.set(xlabel="epoch", ylabel="loss", xticks=[0, 5], yticks=[0, 10])
        ax.set_title("on the left", loc="left")
        ax.set_title("in the middle")
        ax.text(1, 1, "here")
        ax.annotate("there", (2, 2))
        ax.legend(title="set")
        ax.figure.suptitle("Above all")
        ax.figure.legend(title="for every panel")

    assert words(drawn(draw)) == [
        "heading: Above all",
        "legend: for every panel, training",
        "title: on the left",
        "title: in the middle",
        "x: epoch",
        "x ticks: 0 5",
        "y: loss",
        "y ticks: 0 10",
        "legend: set, training",
        "text: here | there",
    ]


def test_hidden_axes_say_nothing_but_their_title():
    def draw(ax):
        ax.set(title="7", xlabel="column")
        ax.axis("off")

    assert words(drawn(draw)) == ["title: 7"]


def test_a_curve_is_its_color_its_style_and_its_places_in_pixels():
    figure = drawn(lambda ax: ax.plot([0, 10], [0, 5], "s--", color="#d55e00"))
    assert shapes(figure) == ["axes: 100 100, 400 400", "line #d55e00 -- s: 100 100, 400 250"]


def test_a_long_curve_is_noted_from_its_first_to_its_last_point():
    (_, line) = shapes(drawn(lambda ax: ax.plot(np.linspace(0, 10, 500), np.linspace(0, 10, 500))))
    places = line.partition(": ")[2].split(", ")
    assert (places[0], places[-1]) == ("100 100", "400 400")
    assert len(places) < 50


def test_a_curve_with_a_gap_keeps_it():
    (_, line) = shapes(drawn(lambda ax: ax.plot([0, 5, 10], [0, np.nan, 10])))
    assert line.endswith(": 100 100, nan nan, 400 400")


def test_bars_and_boxes_are_their_corners():
    def draw(ax):
        ax.bar([1, 4], [10, 5], width=2, color=["#0072b2", "#bbbbbb"])
        ax.add_patch(Rectangle((5, 5), 5, 5, fill=False, edgecolor="#d55e00"))

    assert [line.partition(" #")[2].split(": ")[1] for line in shapes(drawn(draw))[1:3]] == [
        "100 100, 160 400",
        "190 100, 250 250",
    ]
    assert shapes(drawn(draw))[3] == "Rectangle empty #d55e00: 250 250, 400 400"


def test_dots_are_their_places_and_rules_their_ends():
    dots = drawn(lambda ax: ax.scatter([0, 10], [0, 10], color="#009e73"))
    assert shapes(dots)[1] == "PathCollection 2 #009e73: 100 100, 400 400"
    rules = drawn(lambda ax: ax.hlines([5], [0], [10], color="#009e73"))
    assert shapes(rules)[1] == "LineCollection 2 #009e73: 100 250, 400 250"


def test_an_image_is_its_colors_and_its_tones_row_by_row():
    image = drawn(lambda ax: ax.imshow([[0, 1], [2, 4]], cmap="gray"))
    assert shapes(image)[1] == "AxesImage 2 x 2 gray: 0 25, 50 100"
    heatmap = drawn(lambda ax: ax.pcolormesh([[0, np.nan], [2, 4]], cmap="cividis", vmax=8))
    assert shapes(heatmap)[1] == "QuadMesh 2 x 2 cividis: 0 nan, 25 50"
    photograph = np.array([[[255, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    assert shapes(drawn(lambda ax: ax.imshow(photograph)))[1] == "AxesImage 1 x 2 x 3: 33 100"


def test_a_large_image_is_noted_in_the_large():
    halves = np.repeat([[0.0, 1.0]], 100, axis=0).repeat(50, axis=1)
    (_, line) = shapes(drawn(lambda ax: ax.imshow(halves)))
    kind, _, tones = line.partition(": ")
    assert kind.startswith("AxesImage 100 x 100")
    assert tones.split(", ") == ["0 0 0 0 0 100 100 100 100 100"] * 10


@pytest.mark.parametrize("count", [1, 3])
def test_every_panel_is_noted(count):
    figure = drawn(lambda *axes: [ax.set_title("a") for ax in axes], axes=count)
    assert sum(line.startswith("axes: ") for line in shapes(figure)) == count
    assert words(figure).count("title: a") == count
