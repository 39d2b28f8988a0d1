"""Training to scrub through: the templates of a single layer, its loss and accuracy."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.plotting import SIGNED

MOST = 60
"""So many steps are stored at most: about 250 KB."""
STRONG = 76
"""Of 127: from here on the strongest color, as in the page."""
KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")


class Scrub(Explorable):
    """What `scrub_training` returns."""

    module = "scrub_training"
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    history = traitlets.Dict().tag(sync=True)
    scale = traitlets.Float(help="the weight that 127 stands for").tag(sync=True)
    templates = binary(help="int8 (steps, 10, 28, 28), each step minus the one before it")

    def draw(self):
        """Draw the templates at four steps, and the curves."""
        stored = np.frombuffer(self.templates, np.int8).reshape(-1, 10, 28, 28)
        templates = np.cumsum(stored, axis=0, dtype=np.int8)  # wraps around, as in the page
        chosen = np.unique(np.linspace(0, len(self.steps) - 1, 4).round().astype(int))
        figure = plt.figure(figsize=(10, 1.0 * len(chosen) + 2.6))
        top, bottom = figure.subfigures(2, 1, height_ratios=[len(chosen), 2.6])
        axes = top.subplots(len(chosen), 10, squeeze=False)
        for row, index in zip(axes, chosen, strict=True):
            row[0].set_ylabel(f"step {self.steps[index]}", rotation=0, ha="right", va="center")
            for digit, ax in enumerate(row):
                ax.imshow(templates[index, digit], cmap=SIGNED, vmin=-STRONG, vmax=STRONG)
                ax.set(xticks=[], yticks=[])
                ax.spines[:].set_visible(False)
        for digit, ax in enumerate(axes[0]):
            ax.set_title(digit, fontsize=10, loc="center")
        for ax, kind in zip(bottom.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for key, values in self.history.items():
                if key.endswith(kind):
                    label = "validation" if key.startswith("val_") else "training"
                    scaled = np.array(values) * (100 if kind == "accuracy" else 1)
                    ax.plot(1 + np.array(self.steps), scaled, marker="o", ms=3, label=label)
            ylabel = "loss (nats)" if kind == "loss" else "accuracy (%)"
            ax.set(xscale="log", xlabel="training step (logarithmic)", ylabel=ylabel)
            decades = [step for step in (0, 10, 100, 1000, 10_000) if step <= self.steps[-1]]
            ax.set_xticks([1 + step for step in decades], [f"{step:,}" for step in decades])
            ax.set_xticks([], minor=True)
            if sum(key.endswith(kind) for key in self.history) > 1:
                ax.legend()
        return figure

    def describe(self):
        """Say what forms, and where loss and accuracy begin and end."""
        curves = " and ".join(
            f"{key.replace('val_', 'validation ')} from {values[0]:.2f} to {values[-1]:.2f}"
            for key, values in self.history.items()
        )
        return (
            f"The ten templates at four of {len(self.steps)} training steps, from step "
            f"{self.steps[0]} to {self.steps[-1]}: shapes of the digits form out of noise, "
            f"positive weights orange and negative ones blue. Below them {curves}."
        )


def scrub_training(steps, weights, history):
    """Show the templates of a single layer, its loss and its accuracy along stored steps.

    Parameters
    ----------
    steps : sequence of n int
        Training steps (iterations), increasing; 2 to 60 of them.
    weights : array of shape (n, 784, 10)
        The kernel of the layer at each of the steps. It is stored as int8: rounded to 127ths of
        the largest absolute weight.
    history : dict of str to sequence of n float
        ``"loss"`` and ``"accuracy"`` (0 to 1) on the training images, ``"val_loss"`` and
        ``"val_accuracy"`` on the validation images; either pair or both.

    Returns
    -------
    Scrub
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If lengths, shapes, keys or values are others.
    """
    steps = [int(step) for step in steps]
    if not 2 <= len(steps) <= MOST or np.min(np.diff([-1, *steps])) <= 0:
        raise ValueError(f"expected 2 to {MOST} increasing steps from 0 on, got {steps}")
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (len(steps), 784, 10) or not np.isfinite(weights).all():
        raise ValueError(
            f"expected finite weights of shape ({len(steps)}, 784, 10), got {weights.shape}: "
            "the kernel of the layer at each step, as in np.stack(kernels)"
        )
    history = {key: [float(value) for value in values] for key, values in history.items()}
    pairs = {"loss", "accuracy"}, {"val_loss", "val_accuracy"}, set(KEYS)
    if set(history) not in pairs or {len(v) for v in history.values()} != {len(steps)}:
        lengths = {key: len(values) for key, values in history.items()}
        raise ValueError(
            f"expected 'loss' and 'accuracy' (or 'val_loss' and 'val_accuracy', or all four) of "
            f"{len(steps)} numbers each, got {lengths}"
        )
    scale = float(np.abs(weights).max()) or 1.0
    templates = np.rint(127 / scale * weights).astype(np.int8).transpose(0, 2, 1)
    differences = np.diff(templates, axis=0, prepend=np.zeros((1, 10, 784), np.int8))
    return Scrub(
        steps=steps,
        history={key: history[key] for key in KEYS if key in history},
        scale=scale,
        templates=differences.tobytes(),
    )
