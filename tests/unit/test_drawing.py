"""The Python side of the widgets; the page's side is tested in ``browser/``."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from digits_helpers import draw_digit, load_digit_image, open_picture, upload_digit
from digits_helpers.drawing import DigitReader
from PIL import Image

PICTURES = Path(__file__).parents[2] / "data" / "handwriting"
DISTANCE = np.hypot(*(np.indices((140, 140)) - 70.0))
RING = np.where(np.abs(DISTANCE - 40) < 5.5, np.uint8(255), np.uint8(0))


class Model:
    """Certain to a given degree that every image is a 7; keeps what it was shown."""

    def __init__(self, certainty=0.75, shape=(None, 28, 28)):
        self.input_shape, self.seen = shape, []
        self.probabilities = np.full(10, (1 - certainty) / 9, np.float32)
        self.probabilities[7] = certainty

    def predict_on_batch(self, images):
        assert images.shape == (1, *self.input_shape[1:])
        self.seen.append(images[0].reshape(28, 28))
        return self.probabilities[None]


def send(widget, data, **state):
    """Do what Jupyter does when the page sends something: buffers come as memoryviews."""
    widget.set_state({"data": memoryview(data), "number": widget.number + 1} | state)


def words(widget):
    return widget.reading["title"], widget.reading["note"]


def file_of(image, kind="png"):
    image.save(file := io.BytesIO(), kind)
    return file.getvalue()


def test_the_canvas_begins_with_the_stored_drawing_bright_on_0():
    model = Model()
    widget = draw_digit(model)
    assert (widget.picture.dtype, widget.picture.shape) == (np.uint8, (140, 140))
    stored = np.asarray(Image.open(PICTURES / "paint_3.png").convert("L"))
    means = stored.reshape(140, 2, 140, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(widget.picture, 255 - means, atol=25)  # another filter
    np.testing.assert_allclose(np.mean(widget.picture), 255 - stored.mean(), atol=0.5)
    np.testing.assert_array_equal(model.seen[-1], load_digit_image(widget.picture))


def test_the_upload_begins_with_a_stored_picture_as_open_picture_gives_it():
    widget = upload_digit(Model())
    np.testing.assert_array_equal(widget.picture, open_picture(PICTURES / widget.name))


def test_the_reference_model_reads_the_stored_examples():
    assert draw_digit().reading["title"] == "Read as 3"
    assert upload_digit().reading["title"] == "Read as 6"


@pytest.mark.parametrize("shape", [(None, 28, 28), (None, 28, 28, 1)])
def test_what_is_drawn_is_read_by_the_model_through_load_digit_image(shape):
    model = Model(shape=shape)
    widget = draw_digit(model)
    send(widget, RING.tobytes())
    np.testing.assert_array_equal(widget.picture, RING)
    np.testing.assert_array_equal(model.seen[-1], load_digit_image(RING))
    assert widget.reading["number"] == widget.number == 1
    assert widget.reading["probabilities"] == pytest.approx(model.probabilities.tolist())
    shown = np.frombuffer(widget.reading["image"], np.uint8).reshape(28, 28)
    np.testing.assert_allclose(shown, 255 * load_digit_image(RING), atol=0.5)


@pytest.mark.parametrize(
    ("certainty", "threshold", "title", "note"),
    [
        (0.75, 0.0, "Read as 7", "Certainty 75.0 %."),
        (0.75, 0.75, "Read as 7", "Certainty 75.0 %."),
        (0.75, 0.9, "Not sure", "Perhaps a 7: certainty 75.0 %, wanted 90 %."),
        (0.989, 0.995, "Not sure", "Perhaps a 7: certainty 98.9 %, wanted 99.5 %."),
        (0.99987, 0.9, "Read as 7", "Certainty over 99.9 %."),
    ],
)
def test_an_answer_is_given_from_the_threshold_on(certainty, threshold, title, note):
    assert words(draw_digit(Model(certainty), threshold)) == (title, note)


@pytest.mark.parametrize("make", [draw_digit, upload_digit])
@pytest.mark.parametrize("threshold", [-0.1, 99, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(make, threshold):
    with pytest.raises(ValueError, match=f"from 0 to 1, got {threshold}"):
        make(Model(), threshold)


def test_an_empty_canvas_invites_to_draw_and_then_reads_again():
    widget = draw_digit(Model())
    send(widget, bytes(140 * 140))
    assert words(widget) == ("Draw a digit", "The answer comes as you draw.")
    assert widget.reading["probabilities"] == [0] * 10
    assert "image" not in widget.reading
    assert not widget.picture.any()
    send(widget, RING.tobytes())
    assert widget.reading["title"] == "Read as 7"


def test_the_same_drawing_sent_again_is_answered_again():
    widget = draw_digit(Model())
    for number in (1, 2):
        send(widget, RING.tobytes())
        assert widget.reading["number"] == number


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "gif", "webp"])
def test_a_file_of_any_format_is_read_and_shown_as_png(kind):
    model = Model()
    widget = upload_digit(model)
    data = file_of(Image.fromarray(255 - RING).resize((500, 400)), kind)
    send(widget, data, name=f"ring.{kind}")
    np.testing.assert_array_equal(widget.picture, open_picture(io.BytesIO(data)))
    np.testing.assert_array_equal(model.seen[-1], load_digit_image(io.BytesIO(data)))
    with Image.open(io.BytesIO(widget.reading["preview"])) as preview:
        assert preview.format == "PNG"
        assert preview.size == (280, 224)


@pytest.mark.parametrize("data", [b"", b"a 5\n", (PICTURES / "scan_5.jpg").read_bytes()[:900]])
def test_a_file_that_is_no_picture_is_named_so_and_the_picture_before_it_stays(data):
    widget = upload_digit(Model())
    before = widget.picture
    send(widget, data, name="notes.txt")
    title, note = words(widget)
    assert title == "No answer"
    assert note.startswith("The picture could not be read as a picture: expected")
    assert widget.picture is before
    send(widget, file_of(Image.fromarray(RING)))
    assert widget.reading["title"] == "Read as 7"


def test_a_blank_picture_is_shown_with_the_reason_why_there_is_no_answer():
    widget = upload_digit(Model())
    send(widget, file_of(Image.new("L", (90, 60), 255)), name="blank.png")
    title, note = words(widget)
    assert title == "No answer"
    assert note.startswith("No digit found")
    assert widget.reading["preview"].startswith(b"\x89PNG")
    assert widget.picture.shape == (60, 90, 4)


def test_a_model_that_does_not_fit_fails_in_the_cell_that_makes_the_widget():
    with pytest.raises(AttributeError, match="input_shape"):
        draw_digit(model="mlp")


def test_the_text_form_is_the_same_in_every_run():
    assert repr(draw_digit(Model())) == "<draw_digit: 140 x 140 picture>"
    assert repr(upload_digit(Model())).startswith("<upload_digit: ")


def test_the_page_gets_its_script_and_its_style():
    state = draw_digit(Model()).get_state()
    assert state["_esm"].endswith("export default { render };\n")
    assert ".digits-reader" in state["_css"]
    assert isinstance(draw_digit(Model()), DigitReader)


@pytest.mark.parametrize(("require", "code"), [({}, 5), ({"REQUIRE_BROWSER": "1"}, 2)])
def test_without_a_browser_its_tests_are_skipped_or_fail_where_required(monkeypatch, require, code):
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-rs", "-pno:cacheprovider", "tests/browser"],
        cwd=PICTURES.parents[1],
        env={k: v for k, v in os.environ.items() if k != "REQUIRE_BROWSER"}
        | {"PATH": ""}
        | require,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code
    assert "needs Chromium and Playwright: install the browser" in run.stdout
