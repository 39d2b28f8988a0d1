"""Look inside a network while you draw."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.data import DATA
from digits_helpers.explorables.base import DEFAULT_NETWORK, Explorable, binary, weight_file
from digits_helpers.explorables.drawing import SIDE, example_drawing
from digits_helpers.explorables.networks import count_parameters, pack_model, run_packed
from digits_helpers.pictures.reading import load_digit_image
from digits_helpers.plotting import SIGNED, plot_probabilities

NETWORKS = {
    "Single layer": "single_layer",
    "Hidden layer": "mlp_small",
    "Convolutions": DEFAULT_NETWORK,
}
"""The reference models to choose from where no model is given."""


class LookInside(Explorable):
    """What `look_inside` returns.

    Attributes
    ----------
    picture : numpy.ndarray
        What was drawn, uint8 (140, 140), ink bright on 0; until then a stored drawing.
    """

    module = "look_inside"
    networks = traitlets.List().tag(sync=True)
    chosen = traitlets.Int().tag(sync=True)
    weights = binary()
    drawing = binary()

    @property
    def picture(self):
        """The drawing, uint8 (140, 140)."""
        return np.frombuffer(self.drawing, np.uint8).reshape(SIDE, SIDE)

    def _run(self):
        """Return the image, the chosen layers, what they give, and the weights of the last one."""
        image = load_digit_image(self.picture)
        sizes = [_size(network["layers"]) for network in self.networks]
        start = sum(sizes[: self.chosen])
        weights = self.weights[start : start + sizes[self.chosen]]
        layers = self.networks[self.chosen]["layers"]
        count = layers[-1]["input"][0]
        kernel = np.frombuffer(weights, "<f4")[-10 * (count + 1) : -10].reshape(count, 10)
        return image, layers, run_packed(layers, weights, image), kernel

    def draw(self):
        """Draw the image, each layer's output, the evidence for each digit, the probabilities."""
        image, layers, results, kernel = self._run()
        hidden = list(zip(layers[:-1], results[:-1], strict=True))
        figure = plt.figure(figsize=(9, 2.8 + 1.7 * len(hidden)))
        rows = figure.add_gridspec(len(hidden) + 2, 1, height_ratios=[1.5, *[1.2] * len(hidden), 1])
        top = rows[0].subgridspec(1, 2, width_ratios=[1, 3])
        seen, bars = figure.add_subplot(top[0]), figure.add_subplot(top[1])
        seen.imshow(image, vmin=0, vmax=1)
        seen.set_title("The network sees")
        seen.axis("off")
        plot_probabilities(results[-1][1], bars, title="Probabilities")
        for row, (layer, (_, output)) in enumerate(hidden, start=1):
            ax = figure.add_subplot(rows[row])
            ax.imshow(_montage(_tiles(output)), cmap="inferno", vmin=0)
            shape = " × ".join(map(str, layer["output"]))
            ax.set_title(f"{_NAMES[layer['type']]}: {shape}")
            ax.axis("off")
        below = (hidden[-1][1][1] if hidden else image).reshape(-1, 1) * kernel
        shape = hidden[-1][0]["output"] if hidden else (28, 28, 1)
        if len(shape) == 3:
            evidence = below.reshape(*shape, 10).sum(axis=2).transpose(2, 0, 1)
        else:
            evidence = np.concatenate([_tiles(column) for column in below.T])
        ax = figure.add_subplot(rows[-1])
        limit = np.abs(evidence).max()
        ax.imshow(_montage(evidence, 10), cmap=SIGNED, vmin=-limit, vmax=limit)
        ax.set_title("Evidence for (orange) and against (blue) each digit, from 0 to 9")
        ax.axis("off")
        return figure

    def describe(self):
        """Return the alternative text of the still picture."""
        _, layers, results, _ = self._run()
        names = ", ".join(_NAMES[layer["type"]].lower() for layer in layers[:-1])
        between = f" through its layers ({names})" if names else ""
        return (
            f"A drawing of a digit is followed{between} to the evidence for each digit and its "
            f"probability: the network predicts {results[-1][1].argmax()}. Where scripts run, "
            "everything changes while you draw."
        )


def _describe(name, model):
    """Return what the page is told of a network, beside its weights."""
    return {"name": name, "layers": pack_model(model)[0], "parameters": count_parameters(model)}


_NAMES = {
    "conv": "Convolution",
    "dense": "Hidden layer",
    "pool": "Max pooling",
    "scale": "Batch normalization",
}


def _size(layers):
    """Return the bytes of the weights of packed layers."""
    return 4 * sum(
        layer["output"][-1] * (1 + _fan_in(layer)) for layer in layers if layer["type"] != "pool"
    )


def _fan_in(layer):
    """Return how many weights lead to one output."""
    if layer["type"] == "scale":
        return 1
    return int(np.prod(layer.get("size", ()))) * layer["input"][-1]


def _tiles(output):
    """Return the maps of a layer one after the other; units become one map, nearly square."""
    if output.ndim == 3:
        return output.transpose(2, 0, 1)
    side = int(np.ceil(np.sqrt(output.size)))
    square = np.zeros(side * -(-output.size // side))
    square[: output.size] = output
    return square.reshape(1, -1, side)


def _montage(tiles, columns=16):
    """Put images into a grid, a pixel apart."""
    count, height, width = tiles.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    page = np.full((rows, columns, height + 1, width + 1), np.nan)
    page.reshape(-1, height + 1, width + 1)[:count, :height, :width] = tiles
    return page.transpose(0, 2, 1, 3).reshape(rows * (height + 1), columns * (width + 1))


def look_inside(model=None):
    """Show a pad to draw a digit on, and what each layer of a network computes from it.

    Of a single layer it shows template times pixel for each digit, of a hidden layer its units and
    their weights, of a convolutional network all feature maps; and the evidence that the last
    layer finds for each digit, the logits and the probabilities. Point to a unit, or move to it
    with the keyboard, to see what it looks at and how its value comes about.

    Parameters
    ----------
    model : keras.Sequential, optional
        From images (28, 28) or (28, 28, 1) to ten probabilities; without it, one of three
        reference models of the reader's choice: a single layer, a network with a hidden layer of
        100 units, and a convolutional network.

    Returns
    -------
    LookInside
        The widget; ``.picture`` is the drawing, uint8 (140, 140), ink bright on 0.

    Raises
    ------
    ValueError
        If the page cannot compute the model (see `pack_model`).
    """
    drawing = example_drawing().tobytes()
    if model is not None:
        networks, weights = [_describe("Your network", model)], pack_model(model)[1]
        return LookInside(networks=networks, weights=weights, drawing=drawing)
    file = "-".join(NETWORKS.values()) + ".bin"
    networks = [
        _describe(name, DATA / "models" / f"{stem}.keras") for name, stem in NETWORKS.items()
    ]
    widget = LookInside(networks=networks, weights=weight_file(file), drawing=drawing)
    widget.chosen, widget.files = len(networks) - 1, {"weights": file}
    return widget
