"""Two digits as arrays of pixel values: blend them, shift and invert one."""

import matplotlib.pyplot as plt
import numpy as np
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.explorables.checks import check_images, check_labels

MOST = 12
"""So many thumbnails fit."""


class Mix(Explorable):
    """What `mix_digits` returns."""

    module = "mix_digits"
    images = binary(help="uint8 (n, 28, 28)")
    labels = binary(help="uint8 (n,)")

    def draw(self):
        """Draw two digits, their mean, and the mean after the second is shifted and inverted."""
        first, second = self._pair()
        shifted = np.zeros_like(second)
        shifted[:, 5:] = second[:, :-5]
        changed = 255 - shifted
        panels = {
            "first digit": first,
            "second digit": second,
            "blend: mean of both": np.floor(first / 2 + second / 2 + 0.5),
            "second shifted, inverted": changed,
            "blend of first and this": np.floor(first / 2 + changed / 2 + 0.5),
        }
        figure, axes = plt.subplots(1, 5, figsize=(10, 2.2))
        for ax, (title, image) in zip(axes, panels.items(), strict=True):
            ax.imshow(image, vmin=0, vmax=255)
            ax.set_title(title, fontsize=9, fontweight="normal", loc="center")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color="#999999")  # the inverted image is white
        return figure

    def describe(self):
        """Say which digits are mixed."""
        labels = np.frombuffer(self.labels, np.uint8)
        first, second = labels[0], labels[1]
        return (
            f"A {first}, a {second}, and the mean of their pixel values, in which both can be "
            f"seen; then the {second} moved five pixels to the right and inverted, and the mean of "
            f"it and the {first}."
        )

    def _pair(self):
        return np.frombuffer(self.images, np.uint8).reshape(-1, 28, 28)[:2].astype(float)


def mix_digits(images, labels):
    """Show two digits to blend, shift and invert, and the pixel values under the pointer.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
        2 to 12 images, uint8 from 0 to 255, or floating point from 0 to 1.
    labels : array of shape (n,)
        Their digits, integers from 0 to 9.

    Returns
    -------
    Mix
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If a shape or a value is another.
    """
    images = check_images(images)
    labels = check_labels(labels, len(images))
    if not 2 <= len(images) <= MOST:
        raise ValueError(f"expected 2 to {MOST} images, got {len(images)}: take images[:{MOST}]")
    return Mix(images=images.tobytes(), labels=labels.tobytes())
