"""A digit to move, scale, rotate and invert under a network."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.data import DATA
from digits_helpers.explorables.base import DEFAULT_NETWORK, Explorable, binary
from digits_helpers.explorables.checks import check_images, check_labels
from digits_helpers.explorables.networks import pack_model, run_packed

MOST = 12
"""So many thumbnails fit."""
REACH = 8
"""Pixels: the map shows shifts from -8 to 8."""


class Drag(Explorable):
    """What `drag_digit` returns."""

    module = "drag_digit"
    images = binary(help="uint8 (n, 28, 28)")
    labels = binary(help="uint8 (n,)")
    layers = traitlets.List().tag(sync=True)
    weights = binary(help="as pack_model gives them")

    def draw(self):
        """Draw the first digit at five shifts, and the confidence in it at all shifts."""
        label, shifts = self.labels[0], [-8, -4, 0, 4, 8]
        figure, axes = plt.subplots(1, 6, figsize=(10, 2.4), width_ratios=[1] * 5 + [1.7])
        for ax, right in zip(axes, shifts, strict=False):
            image = self._shift(right, 0)
            probabilities = self._predict(image)
            ax.imshow(image, vmin=0, vmax=1)
            where = f"{abs(right)} px {'left' if right < 0 else 'right'}" if right else "no shift"
            title = f"{where}:\n{probabilities.argmax()} ({probabilities.max():.0%})"
            ax.set_title(title, fontsize=9, loc="center")
            ax.axis("off")
        span = range(-REACH, REACH + 1)
        found = [[self._predict(self._shift(x, y)) for x in span] for y in span]
        grid, count = np.array(found)[..., label], np.sum(np.argmax(found, axis=-1) == label)
        limits = (-REACH - 0.5, REACH + 0.5, REACH + 0.5, -REACH - 0.5)
        drawn = axes[5].imshow(grid, cmap="cividis", vmin=0, vmax=1, extent=limits)
        axes[5].plot(shifts, [0] * 5, "o", color="white", markeredgecolor="black", clip_on=False)
        axes[5].set(xlabel="right (px)", ylabel="down (px)", xticks=shifts, yticks=shifts)
        axes[5].set_title(f"{label} at {count} of {len(span) ** 2} shifts", fontsize=9)
        figure.colorbar(drawn, ax=axes[5], label=f"confidence in {label}")
        return figure

    def describe(self):
        """Say what is predicted at some shifts."""
        label = self.labels[0]
        predictions = {x: self._predict(self._shift(x, 0)).argmax() for x in (-8, -4, 0, 4, 8)}
        listed = ", ".join(f"{digit} at {x}" for x, digit in predictions.items())
        return (
            f"A {label} at five horizontal shifts and what the network predicts, by pixels to the "
            f"right: {listed}. Beside it a map of the confidence in {label} at each shift of up "
            f"to {REACH} pixels."
        )

    def _shift(self, right, down):
        """Return the first image moved by whole pixels, as float in [0, 1]; what enters is 0."""
        image = np.frombuffer(self.images, np.uint8)[:784].reshape(28, 28) / 255
        padded = np.pad(image, REACH)
        top, left = REACH - down, REACH - right
        return padded[top : top + 28, left : left + 28]

    def _predict(self, image):
        return run_packed(self.layers, self.weights, image)[-1][1]


def drag_digit(images, model=None, *, labels=None):
    """Show a digit to move, scale, rotate and invert, and what a network predicts of it.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
        1 to 12 images to choose from, uint8 from 0 to 255, or floating point from 0 to 1.
    model : keras.Sequential, str or pathlib.Path, optional
        From images of shape (n, 28, 28) or (n, 28, 28, 1) to probabilities of shape (n, 10); or
        the path of a ``.keras`` file. Without it, a small convolutional network.
    labels : array of shape (n,), optional
        Their digits, integers from 0 to 9; by default what the network predicts of the images as
        they are.

    Returns
    -------
    Drag
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If a shape or a value is another, or the page cannot compute the model (see `pack_model`).
    """
    images = check_images(images)
    if len(images) > MOST:
        raise ValueError(f"expected 1 to {MOST} images, got {len(images)}: take images[:{MOST}]")
    layers, weights = pack_model(model or DATA / "models" / f"{DEFAULT_NETWORK}.keras")
    if labels is None:
        labels = [run_packed(layers, weights, image / 255)[-1][1].argmax() for image in images]
    return Drag(
        images=images.tobytes(),
        labels=check_labels(labels, len(images)).tobytes(),
        layers=layers,
        weights=weights,
    )
