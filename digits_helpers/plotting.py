"""Figures that the notebooks draw more than once.

Every function takes the Axes to draw on (``ax=None``: a new figure) and returns the Axes;
``show`` puts the finished figure into the notebook together with a description of it.
"""

import base64
import io
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from digits_helpers.figure_description import shapes, words
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, to_rgb, to_rgba_array
from matplotlib.patches import Rectangle
from PIL import Image

HIGHLIGHT, OTHER = "#0072B2", "#BBBBBB"  # the highlighted bar and the rest
FOUND = "#D55E00"  # the boxes around what was found


def _signed_colors():
    """Return blue, white and orange (Okabe and Ito) for numbers below, at and above 0.

    They are the colors of the interactive figures, ``signedColors`` in ``shared.js``.
    """
    low, middle, high = (np.array(to_rgb(color)) for color in (HIGHLIGHT, "white", FOUND))
    amounts = np.linspace(-1, 1, 511)[:, None]
    strong = np.abs(amounts) ** 0.7  # faint values show too
    return middle + strong * (np.where(amounts < 0, low, high) - middle)


SIGNED = ListedColormap(_signed_colors(), name="blue_white_orange")


def show(plot, alt):
    """Put a figure into the notebook, with a description for readers who cannot see it.

    Parameters
    ----------
    plot : matplotlib Figure, Axes or array of Axes
        What to show; the figure is closed afterwards.
    alt : str
        What is to be seen, in a sentence or two: screen readers read it, and it stands in for the
        picture where none can be shown.
    """
    from IPython.display import display

    data, metadata = encode_figure(plot, alt)
    display(data, metadata=metadata, raw=True)


def encode_figure(plot, alt):
    """Turn a figure into an output of a notebook; the figure is closed.

    Parameters
    ----------
    plot : matplotlib Figure, Axes or array of Axes
    alt : str
        See `show`.

    Returns
    -------
    data : dict of str to str
        The picture and the description, by MIME type.
    metadata : dict of str to dict
        What the picture says and shows, for the tests.
    """
    figure = plot if isinstance(plot, plt.Figure) else np.ravel(plot)[0].figure
    drawn, stored = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    plt.close(figure)
    image = Image.open(drawn).convert("RGB")
    if image.getcolors(256) is None:  # photographs: 256 colors make a quarter of the size
        image = image.quantize(256, method=Image.Quantize.FASTOCTREE)
    image.save(stored, format="png", optimize=True)
    png = base64.b64encode(stored.getvalue()).decode("ascii")
    notes = {"alt": alt, "words": words(figure), "shapes": shapes(figure)}  # compared by the tests
    return {"image/png": png, "text/plain": alt}, {"image/png": notes}


def plot_digits(images, titles=None, *, columns=10, heading=None):
    """Draw images in a grid, white ink on black as MNIST stores them.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
        Each image is drawn from 0 (black) to the largest value of all of them (white).
    titles : sequence of n str or int, optional
        What to write above each image.
    columns : int
        Images in a row.
    heading : str, optional
        What the whole figure shows.

    Returns
    -------
    numpy.ndarray of matplotlib Axes, one for each image
    """
    images = np.asarray(images)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(
            f"expected images of shape (n, height, width), got {images.shape}: "
            "for one image write image[None], for flattened ones images.reshape(-1, 28, 28)"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"expected a title for each of {len(images)} images, got {len(titles)}")
    rows = -(-len(images) // columns)
    size = min(1.4, 10 / columns)  # inches: ten fill the width of a page, three stay small
    height = (size + 0.25 * (titles is not None)) * rows + 0.3 * (heading is not None)
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns, height), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    shown = axes.flat[: len(images)]
    for i, (ax, image) in enumerate(zip(shown, images, strict=True)):
        ax.imshow(image, vmin=0, vmax=images.max() or 1)
        if titles is not None:
            ax.set_title(titles[i], fontsize=9, fontweight="normal", loc="center", pad=3)
    if heading:
        figure.suptitle(heading, x=0.01, ha="left")
    return shown


def plot_confusion_matrix(
    matrix, ax=None, *, fmt="d", vmax=None, unit=None, zeros=True, title=None
):
    """Draw a confusion matrix as a heatmap: true digits in rows, predictions in columns.

    Parameters
    ----------
    matrix : array of shape (10, 10)
        ``matrix[i, j]``: how many images (or what percentage) of digit ``i`` were predicted as
        ``j``; NaN leaves a cell empty.
    ax : matplotlib Axes, optional
    fmt : str
        How the numbers are written, as in ``seaborn.heatmap``.
    vmax : float, optional
        The value of the brightest color; by default the largest in the matrix.
    unit : str, optional
        What the color bar measures.
    zeros : bool
        Whether numbers that round to 0 are written.
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(6.5, 5.5))
    sns.heatmap(
        matrix,
        annot=True,
        fmt=fmt,
        cmap="cividis",
        vmin=0 if vmax else None,
        vmax=vmax,
        square=True,
        ax=ax,
        annot_kws={"size": 8},
        cbar_kws={"label": unit},
    )
    for text in [] if zeros else ax.texts:
        text.set_visible(text.get_text() != format(0, fmt))
    ax.set(xlabel="predicted digit", ylabel="true digit", title=title)
    ax.tick_params(axis="y", rotation=0)
    return ax


def plot_probabilities(probabilities, ax=None, *, title=None):
    """Draw the ten probabilities of one image as bars, the largest one highlighted.

    Parameters
    ----------
    probabilities : array of shape (10,)
        In [0, 1].
    ax : matplotlib Axes, optional
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    if np.shape(probabilities) != (10,):
        raise ValueError(
            f"expected probabilities of shape (10,), got {np.shape(probabilities)}: "
            "take those of one image, as in model.predict(images)[0]"
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(4, 2.2))
    predicted = int(np.argmax(probabilities))
    bars = ax.bar(
        range(10), probabilities, color=[HIGHLIGHT if d == predicted else OTHER for d in range(10)]
    )
    ax.bar_label(bars, [f"{p:.0%}" if p >= 0.005 else "" for p in probabilities], fontsize=8)
    ax.set(xticks=range(10), ylim=(0, 1.12), xlabel="digit", ylabel="probability", title=title)
    return ax


def plot_detections(source, reading, ax=None):
    """Draw a picture and what `read_digits` found in it.

    A doubtful digit has a dashed bounding box and its confidence. What was left out has a dotted
    one and the reason.

    Parameters
    ----------
    source : str, path, bytes, open binary file, PIL image or array
        What was given to `read_digits`.
    reading : Reading or list of Digit
        What `read_digits` returned.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        In pixels of the original picture; its title is the reading, with a slash between rows.
    """
    from digits_helpers.pictures.opening import WORKING_PIXELS, open_scaled
    from digits_helpers.pictures.results import Reading

    reading = reading if isinstance(reading, Reading) else Reading(reading)
    picture, scale = open_scaled(source, WORKING_PIXELS)
    height, width = np.array(picture.shape[:2]) / scale
    if ax is None:
        _, ax = plt.subplots(figsize=(6, 4.4))
    ax.imshow(picture, extent=(0, width, height, 0), interpolation="bilinear")
    for digit in reading:
        confidence = f" {digit.confidence:.0%}" if digit.doubtful else ""
        text = {"text": f"{digit.label}{confidence}", "size": 10, "color": FOUND}
        _mark(ax, digit.box, text, ls="--" if digit.doubtful else "-")
    for thing in reading.left_out:
        text = {"text": thing.reason, "size": 7, "color": HIGHLIGHT}
        _mark(ax, thing.box, text, ls=":", below=True)
    ax.set_title("Read as " + " / ".join(reading.rows) if reading else "No digit was read")
    ax.axis("off")
    return ax


def _mark(ax, box, text, ls, below=False):
    """Draw a bounding box with a text above or below it, left-aligned."""
    left, top, right, bottom = box
    edge = {"fill": False, "color": text["color"], "ls": ls, "lw": 1.2}
    ax.add_patch(Rectangle((left, top), right - left, bottom - top, **edge))
    tag = {"facecolor": text["color"], "edgecolor": "none", "pad": 1}
    corner, shift, side = ((left, bottom), -2, "top") if below else ((left, top), 2, "bottom")
    place = {"xytext": (0, shift), "textcoords": "offset points", "ha": "left", "va": side}
    ax.annotate(text["text"], corner, fontsize=text["size"], color="white", bbox=tag, **place)


def plot_history(history, axes=None, *, heading=None):
    """Draw loss and accuracy over the epochs of a training.

    Parameters
    ----------
    history : keras.callbacks.History
        What ``model.fit`` returned, with the metric ``accuracy``.
    axes : two matplotlib Axes, optional
    heading : str, optional
        What the two curves show.

    Returns
    -------
    numpy.ndarray of two matplotlib Axes: loss, accuracy
    """
    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    if heading:
        axes[0].figure.suptitle(heading, x=0.01, ha="left")
    for ax, name, scale in zip(axes, ["loss", "accuracy"], [1, 100], strict=True):
        curves = {"training": name, "validation": "val_" + name}
        for (label, key), marker in zip(curves.items(), "os", strict=True):
            values = scale * np.array(history.history.get(key, []))
            if values.size:
                ax.plot(
                    np.arange(1, len(values) + 1), values, marker=marker, markersize=4, label=label
                )
        ax.set(xlabel="epoch", ylabel="loss (nats)" if name == "loss" else "accuracy (%)")
        ax.xaxis.get_major_locator().set_params(integer=True)
    # round limits: two runs that differ a little are drawn in the same frame
    axes[0].set_ylim(0, np.ceil(10 * axes[0].get_ylim()[1]) / 10)
    axes[1].set_ylim(2 * np.floor(axes[1].get_ylim()[0] / 2), 100)
    axes[0].legend(loc="upper right")
    axes[1].legend(loc="lower right")
    return np.asarray(axes)


def plot_runs(groups, ax=None, *, title=None):
    """Draw each run as a dot, and beside it the mean of its group with a 95 % interval.

    The interval is Student's: the mean, more or less ``t`` times the standard error.

    Parameters
    ----------
    groups : dict of str or number to sequence of float
        What the runs of each group reached; those that are not finite are left out.
    ax : matplotlib Axes, optional
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    from scipy import stats

    if ax is None:
        _, ax = plt.subplots(figsize=(7, 3.4))
    for position, values in enumerate(groups.values()):
        values = np.asarray(values, float)
        values = values[np.isfinite(values)]
        ax.plot(np.full(len(values), position - 0.12), values, "o", ms=4, mec="none", color=OTHER)
        if len(values) > 1:
            half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
            ax.errorbar(
                position + 0.12, values.mean(), half, fmt="s", ms=5, capsize=4, color=HIGHLIGHT
            )
    ax.set(xticks=range(len(groups)), xlim=(-0.6, len(groups) - 0.4), title=title)
    ax.set_xticklabels(groups)
    return ax


def plot_layers(model, ax=None, *, title=None):
    """Draw a chart of a model: a rectangle for each layer, with output shape and parameters.

    Parameters
    ----------
    model : keras.Sequential or keras.Model with layers in a row
    ax : matplotlib Axes, optional
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    layers = [("Input", model.input_shape[1:], None)]
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":  # of a keras.Model: drawn already
            continue
        activation = getattr(getattr(layer, "activation", None), "__name__", None)
        name = type(layer).__name__ + (f"\n{activation}" if activation else "")
        layers.append((name, layer.output.shape[1:], layer.count_params()))
    if ax is None:
        _, ax = plt.subplots(figsize=(1.5 * len(layers), 1.9))
    for i, (name, shape, parameters) in enumerate(layers):
        face = "#DCEBF5" if parameters else "#F2F2F2"
        ax.text(
            i, 0, name, ha="center", va="center", fontsize=10,
            bbox={"boxstyle": "round,pad=0.5", "facecolor": face, "edgecolor": "#444444"},
        )  # fmt: skip
        size = " × ".join(str(n) for n in shape)
        ax.text(i, 0.62, size, ha="center", fontsize=10)
        ax.text(i, -0.75, f"{parameters:,}" if parameters else "–", ha="center", fontsize=10)
        if i:
            arrow = {"arrowstyle": "->", "color": "#444444"}
            ax.annotate("", xy=(i - 0.38, 0), xytext=(i - 0.62, 0), arrowprops=arrow)
    ax.text(-0.75, 0.62, "shape", ha="right", fontsize=10, style="italic")
    ax.text(-0.75, -0.75, "parameters", ha="right", fontsize=10, style="italic")
    ax.set(xlim=(-1.5, len(layers) - 0.4), ylim=(-1, 1), title=title)
    ax.axis("off")
    return ax


def plot_pixel_values(image, ax=None, *, title=None):
    """Draw one image with the value of each pixel written on it.

    Parameters
    ----------
    image : array of shape (height, width)
        Integers from 0 (black) to 255 (white).
    ax : matplotlib Axes, optional
        By default as large as the numbers need to be read.
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    image = np.asarray(image)
    if image.ndim != 2:
        raise ValueError(
            f"expected one image of shape (height, width), got {image.shape}: write images[0]"
        )
    height, width = image.shape
    if ax is None:
        _, ax = plt.subplots(figsize=(0.3 * width, 0.3 * height + 0.3))
    ax.matshow(image, cmap="gray", vmin=0, vmax=255)
    for (row, column), value in np.ndenumerate(image):
        color = "black" if value > 117 else "#999999" if value == 0 else "white"
        ax.text(column, row, value, ha="center", va="center", fontsize=7, color=color)
    ax.set(xticks=range(0, width, 3), yticks=range(0, height, 3), xlabel="column", ylabel="row")
    ax.xaxis.set_ticks_position("bottom")
    ax.spines[:].set_visible(False)
    ax.set_title(title)
    return ax


def plot_embedding(points, images, ax=None, *, colors=None, title=None):
    """Draw images at their points in the plane, on black.

    Images are drawn in their order; one that would cover an earlier one is left out.

    Parameters
    ----------
    points : array of shape (n, 2)
        Where the center of each image lies.
    images : array of shape (n, 28, 28)
        In [0, 1]. Only the inner 22 x 22 pixels are drawn; the border of an MNIST digit is empty.
    ax : matplotlib Axes, optional
        By default as large as a page is wide.
    colors : sequence of n colors, optional
        What to draw each image in; by default white.
    title : str, optional

    Returns
    -------
    matplotlib Axes
        Its only image is the plane, in the units of the points.
    """
    points, images = np.asarray(points), np.asarray(images)
    if points.shape != (len(images), 2):
        raise ValueError(
            f"expected a point for each of {len(images)} images, so an array of shape "
            f"({len(images)}, 2), got {points.shape}"
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(8.8, 6.2))
    tints = np.ones((len(images), 3)) if colors is None else to_rgba_array(colors)[:, :3]
    pixels, side = np.array([820, 560]), 22  # of the plane, and of a digit on it
    low, high = points.min(axis=0), points.max(axis=0)
    corners = (points - low) / (high - low) * (pixels - side)  # left and bottom, in pixels
    plane, kept = np.zeros((pixels[1], pixels[0], 3)), np.empty((0, 2))
    for (left, bottom), image, tint in zip(corners.round().astype(int), images, tints, strict=True):
        if (np.abs(kept - (left, bottom)).max(axis=1) >= side).all():
            kept = np.vstack([kept, (left, bottom)])
            top = pixels[1] - side - bottom
            plane[top : top + side, left : left + side] = image[3:-3, 3:-3, np.newaxis] * tint
    margin = (high - low) * side / 2 / (pixels - side)
    (left, bottom), (right, top) = low - margin, high + margin
    ax.imshow(plane, extent=(left, right, bottom, top), aspect="auto", interpolation="antialiased")
    ax.set_title(title)
    return ax


def plot_neurons(layer_sizes, ax=None, *, names=None, highlight=None, max_units=10, title=None):
    """Draw a network of dense layers: a circle for each neuron, a line for each weight.

    Of a layer with more than `max_units` neurons the first and the last few are drawn, with dots
    between them. Under each layer stand its name and size, under each gap the parameters there.

    Parameters
    ----------
    layer_sizes : sequence of int
        Number of inputs, then the number of neurons of each layer, as ``[784, 100, 10]``.
    ax : matplotlib Axes, optional
    names : sequence of str, optional
        What each layer is called; by default input layer, hidden layers, output layer.
    highlight : int, optional
        A neuron of the last layer: its weights are drawn in color.
    max_units : int
        How many circles are drawn for a layer at most, 4 or more.
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    sizes = [int(size) for size in layer_sizes]
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"expected the number of inputs and of the neurons of each layer, got {layer_sizes}: "
            "write [784, 10] for one layer of ten neurons"
        )
    if names is None:
        hidden = [f"hidden layer {i}" for i in range(1, len(sizes) - 1)]
        hidden = ["hidden layer"] if len(hidden) == 1 else hidden
        names = ["input layer", *hidden, "output layer"]
    if len(names) != len(sizes):
        raise ValueError(f"expected a name for each of {len(sizes)} layers, got {len(names)}")
    if ax is None:
        _, ax = plt.subplots(figsize=(min(2.6 * len(sizes), 9), 3.6))
    columns = [_units(size, max_units) for size in sizes]
    for i, (before, after) in enumerate(pairwise(columns)):
        for unit, height in after.items():
            chosen = highlight is not None and i == len(sizes) - 2 and unit == highlight
            lines = [[(i, start), (i + 1, height)] for start in before.values()]
            color, width = (HIGHLIGHT, 1.2) if chosen else (OTHER, 0.5)
            ax.add_collection(LineCollection(lines, colors=color, lw=width, zorder=1 + chosen))
        biases = "1 bias" if sizes[i + 1] == 1 else f"{sizes[i + 1]:,} biases"
        count = f"{sizes[i]:,} × {sizes[i + 1]:,} weights\n+ {biases}"
        ax.text(i + 0.5, -1.2, count, ha="center", va="top", fontsize=8)
    for i, (column, size, name) in enumerate(zip(columns, sizes, names, strict=True)):
        last = i == len(sizes) - 1
        faces = [HIGHLIGHT if last and unit == highlight else "white" for unit in column]
        ax.scatter(
            [i] * len(column), column.values(), s=110, c=faces, edgecolors="#444444", zorder=3
        )
        if last and size == 10:  # a neuron for each digit
            for unit, height in column.items():
                ax.text(i + 0.09, height, unit, ha="left", va="center", fontsize=9)
        if len(column) < size:
            ax.text(i, 0, "⋮", ha="center", va="center", fontsize=16, zorder=4)
        ax.text(i, 1.2, f"{name}\n{size:,}", ha="center", va="bottom", fontsize=10)
    ax.set(xlim=(-0.35, len(sizes) - 0.65), ylim=(-1.65, 1.75), title=title)
    ax.axis("off")
    return ax


def plot_computational_graph(values, positions, edges, ax=None, *, gradients=None, title=None):
    """Draw a computational graph: a circle for each value, an arrow for each use of one.

    Parameters
    ----------
    values : dict of str to float
        What is in each node; written above it.
    positions : dict of str to pair of float
        Column and row of each node; rows count upward.
    edges : dict of pair of str to float
        From which node to which; the number, the local derivative, is written at the arrow if
        `gradients` are given.
    ax : matplotlib Axes, optional
    gradients : dict of str to float, optional
        Derivative of the last value with respect to each node; written below it, in color.
    title : str, optional

    Returns
    -------
    matplotlib Axes
    """
    unknown = {name for edge in edges for name in edge} - set(values)
    if unknown or set(values) != set(positions):
        raise ValueError(
            f"expected edges between, and a position for, the nodes {sorted(values)}; got edges of "
            f"{sorted(unknown)} and positions of {sorted(positions)}"
        )
    columns, rows = np.array(list(positions.values()), float).T
    if ax is None:
        _, ax = plt.subplots(figsize=(1.45 * np.ptp(columns) + 1.2, 0.95 * np.ptp(rows) + 1.2))
    for (start, end), derivative in edges.items():
        (x1, y1), (x2, y2) = positions[start], positions[end]
        arrow = {"arrowstyle": "-|>", "color": "#666666", "shrinkA": 15, "shrinkB": 15}
        ax.annotate("", (x2, y2), (x1, y1), arrowprops=arrow)
        if gradients is not None:
            middle = (x1 + 0.45 * (x2 - x1), y1 + 0.45 * (y2 - y1))
            label = _signed(derivative, "× ")
            ax.text(*middle, label, ha="center", va="center", fontsize=9, backgroundcolor="white")
    ax.scatter(columns, rows, s=700, c="white", edgecolors="#444444", zorder=3)
    for name, (x, y) in positions.items():
        ax.text(x, y, name, ha="center", va="center", fontsize=11, zorder=4)
        ax.annotate(_signed(values[name]), (x, y), (0, 17), textcoords="offset points", ha="center")
        if gradients is not None and name in gradients:
            text = _signed(gradients[name])
            below = {"textcoords": "offset points", "ha": "center", "va": "top"}
            ax.annotate(text, (x, y), (0, -16), color=FOUND, fontweight="bold", **below)
    ax.set(xlim=(columns.min() - 0.4, columns.max() + 0.4))
    ax.set(ylim=(rows.min() - 0.6, rows.max() + 0.6), title=title)
    ax.axis("off")
    return ax


def _signed(number, before=""):
    return before + f"{number:g}".replace("-", "−")


def _units(size, limit):
    """Return which neurons of a layer are drawn, and at which height from 1 to -1."""
    if size == 1:
        return {0: 0.0}
    if size <= limit:
        return dict(enumerate(np.linspace(1, -1, size) * min(1, (size + 1) / limit)))
    half = (limit - 2) // 2
    slots = np.linspace(1, -1, 2 * half + 2)  # two empty ones in the middle, for the dots
    drawn = [*range(half), *range(size - half, size)]
    return dict(zip(drawn, [*slots[:half], *slots[-half:]], strict=True))


def plot_templates(templates, titles=range(10), *, limit=None, label="weight", heading=None):
    """Draw ten pictures of numbers below and above 0, such as the weights of a single layer.

    Orange is positive, blue negative, white 0: color-blind readers tell them apart.

    Parameters
    ----------
    templates : array of shape (10, 28, 28)
    titles : sequence of 10 str or int
        What to write above each.
    limit : float, optional
        The number that the strongest orange stands for; by default the largest of all.
    label : str
        What the numbers are, beside the color bar.
    heading : str, optional
        What the whole figure shows.

    Returns
    -------
    numpy.ndarray of 10 matplotlib Axes
    """
    templates = np.asarray(templates)
    if templates.shape != (10, 28, 28):
        raise ValueError(
            f"expected templates of shape (10, 28, 28), got {templates.shape}: "
            "of the weights of a layer, (784, 10), take weights.T.reshape(10, 28, 28)"
        )
    limit = np.abs(templates).max() if limit is None else limit
    figure, axes = plt.subplots(2, 5, figsize=(9, 4))
    for ax, template, title in zip(axes.flat, templates, titles, strict=True):
        drawn = ax.imshow(template, cmap=SIGNED, vmin=-limit, vmax=limit)
        ax.set_title(title, loc="center", fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=OTHER)
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.8)
    if heading:
        figure.suptitle(heading, x=0.01, ha="left")
    return axes.ravel()


def plot_kernel(kernel, ax, *, limit=None):
    """Draw a kernel with its weights written on it: orange above 0, blue below, white 0.

    Parameters
    ----------
    kernel : array of shape (height, width)
    ax : matplotlib Axes
    limit : float, optional
        The weight that the strongest orange stands for; by default the largest of the kernel.

    Returns
    -------
    matplotlib Axes
    """
    kernel = np.asarray(kernel)
    limit = limit or np.abs(kernel).max() or 1
    ax.imshow(kernel, cmap=SIGNED, vmin=-limit, vmax=limit)
    for (row, column), weight in np.ndenumerate(kernel if kernel.size <= 9 else np.zeros((0, 0))):
        ax.text(column, row, _signed(round(weight, 2)), ha="center", va="center", fontsize=9)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=OTHER)
    return ax


def plot_responses(image, kernels, axes=None, *, columns=4, heading=None):
    """Draw kernels, each with what its convolution makes of an image beside it.

    Orange is positive, blue negative, white 0, up to the largest value of each.

    Parameters
    ----------
    image : array of shape (height, width)
    kernels : dict of str to array of shape (rows, columns)
        What to write above each pair, and its weights.
    axes : array of matplotlib Axes, optional
        Two for each pair; by default those of a new figure with so many pairs (`columns`) in a row.
    columns : int
    heading : str, optional
        What the whole figure shows.

    Returns
    -------
    numpy.ndarray of matplotlib Axes, two for each pair
    """
    from scipy import ndimage

    if axes is None:
        rows = -(-len(kernels) // columns)
        size = {"figsize": (10, 13 / columns / 2 * rows + 0.4), "width_ratios": [0.7, 1] * columns}
        figure, axes = plt.subplots(rows, 2 * columns, squeeze=False, **size)
        figure.suptitle(heading, x=0.01, ha="left")
    axes = np.ravel(axes)
    for ax in axes[2 * len(kernels) :]:
        ax.axis("off")
    for (name, kernel), left, right in zip(kernels.items(), axes[::2], axes[1::2], strict=False):
        kernel = np.asarray(kernel, float)
        plot_kernel(kernel, left)
        response = ndimage.correlate(np.asarray(image, float), kernel, mode="constant")
        limit = np.abs(response).max() or 1
        right.imshow(response, cmap=SIGNED, vmin=-limit, vmax=limit)
        right.set(xticks=[], yticks=[])
        right.spines[:].set(visible=True, color=OTHER)
        left.set_title(name, fontsize=10, loc="left")
    return axes


def plot_channels(image, channels, kernels, *, bias=0.0, heading=None):
    """Draw how one filter convolves several channels: a kernel for each, and the sum after ReLU.

    Parameters
    ----------
    image : array of shape (height, width)
        What the channels were made of, drawn first.
    channels : dict of str to array of shape (height, width)
        The name and the values of each channel.
    kernels : array of shape (rows, columns, channels)
        The weights of the filter.
    bias : float
    heading : str, optional
        What the whole figure shows.

    Returns
    -------
    list of matplotlib Axes
        The image; channel, kernel and result, a row for each channel; the sum.
    """
    from scipy import ndimage

    kernels, count = np.asarray(kernels, float), len(channels)
    if kernels.ndim != 3 or kernels.shape[2] != count:
        raise ValueError(
            f"expected weights of shape (rows, columns, {count}), a kernel for each channel, "
            f"got {kernels.shape}"
        )
    figure = plt.figure(figsize=(10, 1.85 * count + 0.4))
    grid = figure.add_gridspec(count, 5, width_ratios=[1, 1, 0.6, 1, 1])
    results = [
        ndimage.correlate(np.asarray(channel, float), kernels[..., k], mode="constant")
        for k, channel in enumerate(channels.values())
    ]
    total = np.maximum(sum(results) + bias, 0)
    top = max(np.abs(result).max() for result in results) or 1
    axes = [figure.add_subplot(grid[:, 0])]
    axes[0].imshow(image, vmin=0)
    axes[0].set_title("the image", fontsize=10)
    for k, (name, channel) in enumerate(channels.items()):
        seen, weights, result = (figure.add_subplot(grid[k, column]) for column in (1, 2, 3))
        seen.imshow(channel, vmin=0)
        seen.set_title(f"channel {k + 1}: {name}", fontsize=10)
        plot_kernel(kernels[..., k], weights)
        weights.set_title(f"× kernel {k + 1}", fontsize=10)
        result.imshow(results[k], cmap=SIGNED, vmin=-top, vmax=top)
        result.set_title(f"= result {k + 1}", fontsize=10)
        axes += [seen, weights, result]
    axes.append(figure.add_subplot(grid[:, 4]))
    axes[-1].imshow(total, vmin=0)
    sign = "−" if bias < 0 else "+"
    axes[-1].set_title(f"sum {sign} {abs(bias):g}, then ReLU", fontsize=10)
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=OTHER)
    figure.suptitle(heading, x=0.01, ha="left")
    return axes
