"""The Python side of the drawing pads; the page's side is tested in ``browser/``."""

import base64
import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from digits_helpers import draw_digit, load_digit_image, look_inside, open_picture, upload_digit
from digits_helpers.explorables.base import weight_file
from digits_helpers.explorables.networks import pack_model, run_packed
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "data" / "handwriting"
DISTANCE = np.hypot(*(np.indices((140, 140)) - 70.0))
RING = np.where(np.abs(DISTANCE - 40) < 5.5, np.uint8(255), np.uint8(0))
MAKE = [draw_digit, upload_digit, look_inside]


@pytest.fixture(scope="module")
def widgets():
    return {make: make() for make in MAKE}


def output(widget):
    return widget._repr_mimebundle_()


def send(widget, data, **state):
    """Do what Jupyter does when the page sends a file: buffers come as memoryviews."""
    widget.set_state({"data": memoryview(data), "number": widget.number + 1} | state)


def file_of(image, kind="png"):
    image.save(file := io.BytesIO(), kind)
    return file.getvalue()


@pytest.mark.parametrize("make", [draw_digit, look_inside])
def test_the_pad_begins_with_the_stored_drawing_bright_on_0(widgets, make):
    picture = widgets[make].picture
    assert (picture.dtype, picture.shape) == (np.uint8, (140, 140))
    stored = np.asarray(Image.open(PICTURES / "paint_3.png").convert("L"))
    means = stored.reshape(140, 2, 140, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(picture, 255 - means, atol=25)  # another filter
    np.testing.assert_allclose(np.mean(picture), 255 - stored.mean(), atol=0.5)


@pytest.mark.parametrize("make", [draw_digit, look_inside])
def test_what_the_page_draws_is_the_picture(make):
    widget = make()
    widget.set_state({"drawing": memoryview(RING.tobytes())})
    np.testing.assert_array_equal(widget.picture, RING)
    assert "predicts 0" in output(widget)[0]["text/plain"]


@pytest.mark.parametrize("make", MAKE)
def test_one_output_holds_the_live_figure_its_still_picture_and_its_state(widgets, make):
    data, metadata = output(widgets[make])
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).width > 500
    notes = metadata["image/png"]
    assert notes["alt"] == data["text/plain"]
    assert notes["words"]
    assert notes["shapes"]
    explorable = metadata["explorable"]
    assert explorable["module"] == make.__name__
    assert explorable["state"]["has_kernel"] is False
    assert len(json.dumps(explorable)) < 120_000


@pytest.mark.parametrize("make", MAKE)
def test_the_same_state_gives_the_same_text_and_the_same_picture(make):
    assert repr(make()) == repr(make())
    (data, metadata), (again, metadata_again) = output(make()), output(make())
    assert data["image/png"] == again["image/png"]
    assert metadata == metadata_again


def test_the_drawing_is_stored_and_the_networks_that_the_package_ships_are_named(widgets):
    state = widgets[draw_digit].state()
    drawing = zlib.decompress(base64.b64decode(state["drawing"]["bytes"]))
    assert drawing == widgets[draw_digit].picture.tobytes()
    assert state["weights"] == {"file": "cnn_augmented.bin"}
    for make in (draw_digit, look_inside):
        half = np.frombuffer(weight_file(widgets[make].state()["weights"]["file"]), "<f2")
        weights = np.frombuffer(widgets[make].weights, "<f4")
        np.testing.assert_allclose(half, weights, rtol=2**-11, atol=2**-25)


def test_a_network_of_the_reader_is_stored_exactly_halved_or_not_at_all():
    def state(*units):
        import keras

        hidden = [keras.layers.Dense(n, "relu") for n in units]
        model = keras.Sequential(
            [
                keras.Input((28, 28)),
                keras.layers.Flatten(),
                *hidden,
                keras.layers.Dense(10, "softmax"),
            ]
        )
        widget = draw_digit(model)
        return widget.state(), widget.weights

    stored, weights = state()
    assert zlib.decompress(base64.b64decode(stored["weights"]["bytes"])) == weights
    stored, weights = state(100)
    half = np.frombuffer(zlib.decompress(base64.b64decode(stored["weights"]["bytes"])), "<f2")
    np.testing.assert_allclose(half, np.frombuffer(weights, "<f4"), rtol=1e-3, atol=1e-6)
    assert state(512, 512)[0] is None


def test_a_network_that_is_too_large_to_store_leaves_its_still_picture():
    import keras

    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(600, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    data, metadata = output(look_inside(model))
    assert "image/png" in data
    assert "explorable" not in metadata


@pytest.mark.parametrize("make", [draw_digit, upload_digit])
@pytest.mark.parametrize("threshold", [-0.1, 99, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(make, threshold):
    with pytest.raises(ValueError, match=f"from 0 to 1, got {threshold}"):
        make(threshold=threshold)


@pytest.mark.parametrize("make", MAKE)
def test_a_model_that_the_page_cannot_compute_fails_in_the_cell_that_makes_the_figure(make):
    with pytest.raises(ValueError, match=r"expected a keras.Sequential, got dict"):
        make({"a": "model"})


def test_the_upload_begins_with_a_stored_picture_as_open_picture_gives_it(widgets):
    widget = widgets[upload_digit]
    np.testing.assert_array_equal(widget.picture, open_picture(PICTURES / widget.name))
    assert np.argmax(widget.reading["probabilities"]) == 6


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "gif", "webp"])
def test_a_file_of_any_format_is_read_and_shown_as_png(kind):
    widget = upload_digit()
    data = file_of(Image.fromarray(255 - RING).resize((500, 400)), kind)
    send(widget, data, name=f"ring.{kind}")
    np.testing.assert_array_equal(widget.picture, open_picture(io.BytesIO(data)))
    image = load_digit_image(io.BytesIO(data))
    shown = np.frombuffer(widget.image, np.uint8).reshape(28, 28)
    np.testing.assert_allclose(shown, 255 * image, atol=0.5)
    expected = run_packed(*pack_model(ROOT / "data" / "models" / "cnn_augmented.keras"), image)[-1][
        1
    ]
    np.testing.assert_allclose(widget.reading["probabilities"], expected)
    with Image.open(io.BytesIO(widget.preview)) as preview:
        assert preview.format == "WEBP"
        assert preview.size == (280, 224)


def test_the_same_file_sent_again_is_answered_again():
    widget = upload_digit()
    for number in (1, 2):
        send(widget, file_of(Image.fromarray(RING)))
        assert widget.reading["number"] == number


@pytest.mark.parametrize("data", [b"", b"a 5\n", (PICTURES / "scan_5.jpg").read_bytes()[:900]])
def test_a_file_that_is_no_picture_is_named_so_and_the_picture_before_it_stays(data):
    widget = upload_digit()
    before = widget.picture
    send(widget, data, name="notes.txt")
    assert widget.reading["title"] == "No prediction"
    assert widget.reading["note"].startswith("The picture could not be read as a picture: it is ")
    assert "probabilities" not in widget.reading
    assert widget.picture is before
    send(widget, file_of(Image.fromarray(RING)))
    assert np.argmax(widget.reading["probabilities"]) == 0


def test_a_blank_picture_is_shown_with_the_reason_why_there_is_no_prediction():
    widget = upload_digit()
    send(widget, file_of(Image.new("L", (90, 60), 255)), name="blank.png")
    assert widget.reading["title"] == "No prediction"
    assert widget.reading["note"].startswith("No digit found")
    assert widget.preview.startswith(b"RIFF")
    assert widget.picture.shape == (60, 90, 4)


@pytest.mark.parametrize("make", MAKE)
def test_the_page_gets_one_script_without_imports_and_a_style(widgets, make):
    state = widgets[make].get_state()
    assert state["_esm"].endswith("export default { render };\n")
    lines = state["_esm"].splitlines()
    assert not [
        line for line in lines if line.startswith(("import ", "export ")) and "default" not in line
    ]
    assert ".digits-pad" in state["_css"]


def test_the_pads_need_no_tensorflow():
    code = "import sys, digits_helpers as d; d.draw_digit()._repr_mimebundle_(); "
    code += "d.look_inside(); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("require", "code"), [({}, 5), ({"REQUIRE_BROWSER": "1"}, 2)])
def test_without_a_browser_its_tests_are_skipped_or_fail_where_required(monkeypatch, require, code):
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-rs", "-pno:cacheprovider", "tests/browser"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "REQUIRE_BROWSER"}
        | {"PATH": ""}
        | require,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code
    assert "needs Chromium and Playwright: install the browser" in run.stdout
