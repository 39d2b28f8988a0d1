"""Read a digit while it is drawn, or from a file that is uploaded.

A drawing is read in the page, by a network that Python packed for it; where there is a kernel,
Python gets the drawing. A file is read by Python: `load_digit_image` can do more than the page.
Until something is drawn or uploaded both hold a stored example, so that the cells after them run
anywhere.
"""

import io

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.data import DATA
from digits_helpers.explorables.base import DEFAULT_NETWORK, Explorable, binary
from digits_helpers.explorables.networks import pack_model, run_packed
from digits_helpers.pictures.opening import open_picture
from digits_helpers.pictures.reading import load_digit_image
from digits_helpers.plotting import plot_probabilities
from PIL import Image

SIDE = 140
"""Rows and columns of a drawing: five for each one of an MNIST image."""

EXAMPLE_DRAWING = DATA / "handwriting" / "paint_3.png"
EXAMPLE_FILE = DATA / "handwriting" / "pencil_6.jpg"


def example_drawing():
    """Return a stored drawing, uint8 (140, 140), ink bright on 0."""
    with Image.open(EXAMPLE_DRAWING) as example:
        return 255 - np.asarray(example.convert("L").resize((SIDE, SIDE)))


class _Reader(Explorable):
    """What `draw_digit` and `upload_digit` have in common."""

    module = "draw_digit"
    layers = traitlets.List().tag(sync=True)
    weights = binary()
    threshold = traitlets.Float().tag(sync=True)

    def __init__(self, model, threshold, **state):
        if not 0 <= threshold <= 1:
            raise ValueError(f"expected a threshold from 0 to 1, got {threshold}")
        layers, weights = pack_model(model or DATA / "models" / f"{DEFAULT_NETWORK}.keras")
        super().__init__(layers=layers, weights=weights, threshold=threshold, **state)

    def __repr__(self):
        return f"<{self.module}: {' x '.join(map(str, self.picture.shape))} picture>"

    def _predict(self, picture):
        """Return the image that the network sees, and its probabilities."""
        image = load_digit_image(picture)
        return image, run_packed(self.layers, self.weights, image)[-1][1]

    def draw(self):
        figure, axes = plt.subplots(1, 3, figsize=(8.5, 2.4), width_ratios=[1, 1, 1.8])
        image, probabilities = self._predict(self.picture)
        titles = ["The picture", "What the network sees"]
        for ax, shown, title in zip(axes, [self.picture, image], titles, strict=False):
            ax.imshow(shown, vmin=0)
            ax.set_title(title)
            ax.axis("off")
        plot_probabilities(probabilities, axes[2], title=f"Predicted: {probabilities.argmax()}")
        return figure

    def describe(self):
        label = self._predict(self.picture)[1].argmax()
        return f"{self._what} The network predicts {label}; it predicts anew while you {self._do}."


class DrawDigit(_Reader):
    """What `draw_digit` returns.

    Attributes
    ----------
    picture : numpy.ndarray
        What was drawn, uint8 (140, 140), ink bright on 0; until then a stored drawing.
    """

    module, _do = "draw_digit", "draw"
    _what = "A drawing pad with a stored drawing of a 3."
    drawing = binary()

    @property
    def picture(self):
        """The drawing, uint8 (140, 140)."""
        return np.frombuffer(self.drawing, np.uint8).reshape(SIDE, SIDE)


class UploadDigit(_Reader):
    """What `upload_digit` returns.

    Attributes
    ----------
    picture : numpy.ndarray
        The picture that was uploaded last, uint8 (h, w, 4), as `open_picture` gives it; until
        then a stored picture.
    """

    module, _do = "upload_digit", "upload pictures"
    _what = "A field to upload a picture, with a stored photograph of a 6 in pencil."
    # the page changes `name`, `data` and `number`, which counts what it sends; Python the others
    name = traitlets.Unicode().tag(sync=True)
    data = binary()
    number = traitlets.Int().tag(sync=True)
    preview = binary()
    image = binary()
    reading = traitlets.Dict().tag(sync=True)

    def __init__(self, model, threshold, **state):
        super().__init__(model, threshold, **state)
        self._read()

    @traitlets.observe("number")
    def _read(self, _=None):
        """Read the file that the page sent, and send back what is to be shown of it."""
        reading, preview, image = {"number": self.number}, b"", b""
        try:
            self.picture = open_picture(io.BytesIO(self.data))
            preview = _preview(self.picture)
            seen, probabilities = self._predict(self.picture)
        except ValueError as error:
            note = f"{error}"
            reading |= {"title": "No prediction", "note": note[:1].upper() + note[1:]}
        else:
            image = np.rint(255 * seen).astype(np.uint8).tobytes()
            reading["probabilities"] = probabilities.tolist()
        with self.hold_sync():
            self.preview, self.image, self.reading = preview, image, reading

    def state(self):
        """Return the state without the file and the network: a page reads no file."""
        return (super().state() or {}) | {"data": None, "layers": [], "weights": None}


def _preview(picture):
    """Return a small WebP of a picture, of whatever format it was."""
    image = Image.fromarray(picture)
    image.thumbnail((2 * SIDE, 2 * SIDE))
    image.save(webp := io.BytesIO(), format="webp")
    return webp.getvalue()


def draw_digit(model=None, threshold=0.0):
    """Show a pad that reads a digit while you draw it with mouse, finger, pen or keyboard.

    Parameters
    ----------
    model : keras.Sequential, optional
        Takes (n, 28, 28) or (n, 28, 28, 1) in [0, 1], gives (n, 10) probabilities; without it, a
        small convolutional network.
    threshold : float
        Below this confidence no digit is predicted.

    Returns
    -------
    DrawDigit
        The widget; ``.picture`` is the drawing, uint8 (140, 140), ink bright on 0. It begins with
        a stored drawing.

    Raises
    ------
    ValueError
        If the page cannot compute the model (see `pack_model`), or the threshold is not in [0, 1].
    """
    return DrawDigit(model, threshold, drawing=example_drawing().tobytes())


def upload_digit(model=None, threshold=0.0):
    """Show a field to drop or choose a picture of a digit, and read it.

    Parameters
    ----------
    model : keras.Sequential, optional
        As in `draw_digit`.
    threshold : float
        As in `draw_digit`.

    Returns
    -------
    UploadDigit
        The widget; ``.picture`` is the last picture that could be opened, uint8 (h, w, 4), as
        `open_picture` gives it. It begins with a stored picture.
    """
    return UploadDigit(model, threshold, name=EXAMPLE_FILE.name, data=EXAMPLE_FILE.read_bytes())
