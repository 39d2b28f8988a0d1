"""A kernel of 3 x 3 weights to edit, and what its convolution makes of a drawing."""

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.explorables.drawing import example_drawing
from digits_helpers.pictures.reading import load_digit_image
from digits_helpers.plotting import plot_responses

KERNELS = {
    "left edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "upper edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "slanted edges": [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
    "all edges": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "blur": [[0.1, 0.1, 0.1], [0.1, 0.2, 0.1], [0.1, 0.1, 0.1]],
}
"""What the reader can begin with."""


class EditKernel(Explorable):
    """What `edit_kernel` returns.

    Attributes
    ----------
    kernel : numpy.ndarray
        The weights as the reader left them, float64 (3, 3).
    """

    module = "edit_kernel"
    drawing = binary()
    kernels = traitlets.Dict(help="name: three rows of three weights").tag(sync=True)
    weights_now = traitlets.List(help="the nine weights, row by row").tag(sync=True)

    @property
    def kernel(self):
        """The weights, float64 (3, 3)."""
        return np.array(self.weights_now, float).reshape(3, 3)

    def draw(self):
        """Draw the image, and beside three kernels what each gives."""
        image = load_digit_image(np.frombuffer(self.drawing, np.uint8).reshape(140, 140))
        figure, axes = plt.subplots(1, 7, figsize=(10, 2), width_ratios=[1] + [0.7, 1] * 3)
        axes[0].imshow(image, vmin=0, vmax=1)
        axes[0].set_title("the input", fontsize=10)
        axes[0].axis("off")
        names = ("left edges", "upper edges", "all edges")
        plot_responses(image, {name: self.kernels[name] for name in names}, axes[1:])
        return figure

    def describe(self):
        """Say what is to be seen."""
        return (
            "A drawn 3 and three times a kernel of 3 by 3 weights with its feature map: one is "
            "orange along left edges and blue along right ones, one orange along upper and blue "
            "along lower edges, one orange on all strokes with blue borders. Where scripts run, "
            "weights, stride, padding, ReLU and pooling can be changed."
        )


def edit_kernel():
    """Show a kernel of 3 x 3 weights to edit, and the feature map of whatever is drawn.

    Padding, stride, ReLU and max pooling can be changed. A position of the feature map shows the
    pixels that it looks at, and how its value comes about.

    Returns
    -------
    EditKernel
        The interactive figure, as the last line of a cell; ``.kernel`` are the weights.
    """
    first = np.ravel(KERNELS["left edges"]).tolist()
    return EditKernel(kernels=KERNELS, weights_now=first, drawing=example_drawing().tobytes())
