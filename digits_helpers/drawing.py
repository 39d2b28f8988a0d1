"""Widgets that read a digit while you draw it, or from a file that you upload.

The page (``drawing.js``) sends what was drawn or chosen, Python answers with what the network
sees and says. Without a browser a widget holds a stored example, so that the cells after it run
anywhere.
"""

import io
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from digits_helpers.data import DATA
from digits_helpers.pictures.opening import open_picture
from digits_helpers.pictures.reading import load_digit_image
from PIL import Image

SIDE = 140
"""Rows and columns of a drawing: five for each one of an MNIST image."""

EXAMPLE_DRAWING = DATA / "handwriting" / "paint_3.png"
EXAMPLE_FILE = DATA / "handwriting" / "pencil_6.jpg"


class DigitReader(anywidget.AnyWidget):
    """What `draw_digit` and `upload_digit` return.

    Attributes
    ----------
    picture : numpy.ndarray
        What was drawn, uint8 (140, 140), ink bright on 0; or the picture that was uploaded last, as
        `open_picture` gives it. Until then the stored example.
    """

    _esm = Path(__file__).with_name("drawing.js")
    _css = Path(__file__).with_name("drawing.css")
    # Python changes `reading`, the page everything else; `number` counts what the page sends
    kind = traitlets.Unicode().tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    data = traitlets.Bytes().tag(
        sync=True, echo_update=False, from_json=lambda value, _: bytes(value)
    )
    number = traitlets.Int().tag(sync=True)
    reading = traitlets.Dict().tag(sync=True)

    def __init__(self, kind, name, data, model, threshold):
        if not 0 <= threshold <= 1:
            raise ValueError(f"expected a threshold from 0 to 1, got {threshold}")
        if model is None:
            from digits_helpers.models import load_reference_model

            model = load_reference_model()
        self._model, self._threshold = model, threshold
        super().__init__(kind=kind, name=name, data=data)
        self._read()

    def __repr__(self):
        """Return the same text in every run: notebooks store it."""
        return f"<{self.kind}_digit: {' x '.join(map(str, self.picture.shape))} picture>"

    @traitlets.observe("number")
    def _read(self, _=None):
        """Read the picture that the page sent, and send back what is to be shown of it."""
        reading = {"number": self.number, "probabilities": [0.0] * 10}
        try:
            if self.kind == "draw":
                self.picture = np.frombuffer(self.data, np.uint8).reshape(SIDE, SIDE)
            else:
                self.picture = open_picture(io.BytesIO(self.data))
                reading["preview"] = _preview(self.picture)
            image = load_digit_image(self.picture)
        except ValueError as error:
            reading["title"], reading["note"] = "No answer", f"{error}"[:1].upper() + f"{error}"[1:]
            if self.kind == "draw" and not self.picture.any():
                reading["title"], reading["note"] = "Draw a digit", "The answer comes as you draw."
        else:
            image = image.reshape(1, *self._model.input_shape[1:])  # with or without a channel
            probabilities = np.asarray(self._model.predict_on_batch(image))[0]
            reading["title"], reading["note"] = _answer(probabilities, self._threshold)
            reading["image"] = np.rint(255 * image).astype(np.uint8).tobytes()
            reading["probabilities"] = probabilities.tolist()
        self.reading = reading


def _preview(picture):
    """Return a small PNG of a picture, of whatever format it was."""
    image = Image.fromarray(picture)
    image.thumbnail((2 * SIDE, 2 * SIDE))
    image.save(png := io.BytesIO(), format="png", compress_level=1)
    return png.getvalue()


def _answer(probabilities, threshold):
    """Say the answer and how certain it is, in a few words each."""
    label, certainty = probabilities.argmax(), probabilities.max()
    percent = f"{100 * certainty:.1f} %" if certainty < 0.9995 else "over 99.9 %"
    if certainty < threshold:
        return "Not sure", f"Perhaps a {label}: certainty {percent}, wanted {100 * threshold:g} %."
    return f"Read as {label}", f"Certainty {percent}."


def draw_digit(model=None, threshold=0.0):
    """Show a canvas that reads a digit while you draw it with mouse, finger or pen.

    Parameters
    ----------
    model : keras.Model, optional
        Takes (n, 28, 28) or (n, 28, 28, 1) in [0, 1], gives (n, 10) probabilities; without it,
        the reference model.
    threshold : float
        Below this probability the answer is "not sure".

    Returns
    -------
    DigitReader
        The widget; ``.picture`` is the drawing, uint8 (140, 140), ink bright on 0. It begins with
        a stored drawing.
    """
    with Image.open(EXAMPLE_DRAWING) as example:
        drawing = 255 - np.asarray(example.convert("L").resize((SIDE, SIDE)))
    return DigitReader("draw", "", drawing.tobytes(), model, threshold)


def upload_digit(model=None, threshold=0.0):
    """Show a place to drop or choose a picture of a digit, and read it.

    Parameters
    ----------
    model : keras.Model, optional
        As in `draw_digit`.
    threshold : float
        As in `draw_digit`.

    Returns
    -------
    DigitReader
        The widget; ``.picture`` is the last picture that could be opened, uint8 (h, w, 4), as
        `open_picture` gives it. It begins with a stored picture.
    """
    return DigitReader("upload", EXAMPLE_FILE.name, EXAMPLE_FILE.read_bytes(), model, threshold)
