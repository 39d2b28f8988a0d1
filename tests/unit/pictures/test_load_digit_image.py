"""What the picture reader promises, checked against mathematics, SciPy and MNIST itself."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from digits_helpers import (
    center_by_mass,
    load_digit_image,
    open_picture,
    read_digits,
    scale_to_box,
)
from digits_helpers.pictures.opening import WORKING_PIXELS
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy import ndimage

DATA = Path(__file__).parents[3] / "data" / "mnist.npz"


@pytest.fixture(scope="session")
def mnist():
    with np.load(DATA) as file:
        return file["x_test"], file["y_test"]


def draw_five(size=200, ink=0, paper=255, bar_apart=0, width=None):
    """Draw a 5 in the middle of a square page."""
    image = Image.new("L", (size, size), paper)
    pen = ImageDraw.Draw(image)
    width = width or size // 20
    points = [(70, 60), (68, 95), (100, 90), (125, 105), (125, 130), (100, 150), (65, 142)]
    scaled = [(x * size / 200, y * size / 200) for x, y in points]
    pen.line(scaled, fill=ink, width=width, joint="curve")
    bar = [
        (72 * size / 200, (60 - bar_apart) * size / 200),
        (125 * size / 200, (57 - bar_apart) * size / 200),
    ]
    pen.line(bar, fill=ink, width=width)
    return np.asarray(image)


def to_file(array, kind="PNG", **options):
    file = io.BytesIO()
    (array if isinstance(array, Image.Image) else Image.fromarray(array)).save(
        file, kind, **options
    )
    file.seek(0)
    return file


def likeness(one, other):
    """Return the correlation of two images; 1 means the same."""
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


FIVE = draw_five()
EXPECTED = load_digit_image(FIVE)


def assert_same_digit(source, at_least=0.97):
    image = load_digit_image(source)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert 0.9 <= image.max() <= 1
    assert likeness(image, EXPECTED) > at_least


# The normalization


def test_mnist_images_come_back_nearly_the_same(mnist):
    alike = []
    for image in mnist[0][:1000]:
        again = load_digit_image(image)  # none is refused
        shifts = [np.roll(image, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        alike.append(max(likeness(again, shifted) for shifted in shifts))
    assert np.median(alike) > 0.99
    assert np.mean(np.array(alike) > 0.8) >= 0.995


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(1, 20), width=st.integers(1, 20))
def test_the_center_of_mass_comes_to_pixel_14_as_in_mnist_and_no_ink_is_lost(seed, height, width):
    digit = np.random.default_rng(seed).random((height, width), np.float32) + 0.01
    frame = center_by_mass(digit)
    assert frame.shape == (28, 28)
    np.testing.assert_allclose(ndimage.center_of_mass(frame), (14, 14), atol=0.51)
    np.testing.assert_allclose(frame.sum(), digit.sum(), rtol=1e-5)


def test_ink_far_off_the_center_of_mass_stays_in_the_frame():
    digit = np.zeros((28, 28), np.float32)
    digit[0, 0] = 1
    digit[27, 27] = 0.1
    np.testing.assert_allclose(center_by_mass(digit), digit)


@settings(max_examples=50, deadline=None)
@given(height=st.integers(4, 300), width=st.integers(4, 300))
def test_the_longer_side_becomes_20_and_the_aspect_is_kept(height, width):
    digit = np.ones((height, width), np.float32)
    digit[height // 4 : -(height // 4), width // 4 : -(width // 4)] = 0  # a ring
    fitted = scale_to_box(digit)
    assert max(fitted.shape) == 20
    assert min(fitted.shape) >= 20 * min(height, width) / max(height, width) - 1
    assert fitted.min() >= 0
    assert 0.9 <= fitted.max() <= 1


@pytest.mark.parametrize("width", [2, 5, 10, 30, 60])
def test_strokes_come_out_as_wide_as_mnists_whatever_the_pen(width):
    image = load_digit_image(draw_five(600, width=width))
    mask = image > 0.5
    area, outline = mask.sum(), (mask & ~ndimage.binary_erosion(mask)).sum()
    assert 1.5 <= 2 * area / outline <= 5
    assert likeness(image, EXPECTED) > 0.7


# The same digit, whatever the picture


def test_light_ink_on_a_dark_background_is_the_same():
    assert_same_digit(255 - FIVE, 0.999)


@settings(max_examples=20, deadline=None)
@given(size=st.integers(60, 900))
def test_the_size_of_the_picture_does_not_matter(size):
    assert_same_digit(np.asarray(Image.fromarray(draw_five(900)).resize((size, size))), 0.85)


@settings(max_examples=20, deadline=None)
@given(dy=st.integers(-50, 40), dx=st.integers(-55, 60))
def test_the_place_in_the_picture_does_not_matter(dy, dx):
    assert_same_digit(np.roll(FIVE, (dy, dx), (0, 1)), 0.99)


@settings(max_examples=20, deadline=None)
@given(ink=st.integers(0, 255), paper=st.integers(0, 255))
def test_any_two_grays_that_differ_will_do(ink, paper):
    if abs(ink - paper) >= 25:
        assert_same_digit(draw_five(ink=ink, paper=paper), 0.98)


@pytest.mark.parametrize(
    "mode",
    [
        "1",
        "L",
        "LA",
        "P",
        "RGB",
        "RGBA",
        "RGBX",
        "CMYK",
        "YCbCr",
        "HSV",
        "LAB",
        "La",
        "I",
        "F",
        "I;16",
    ],
)
def test_every_mode_of_pillow_is_read(mode):
    image = Image.fromarray(FIVE)
    if mode == "La":
        image = image.convert("LA").convert("La")
    elif mode in ("HSV", "LAB"):
        image = (
            Image.merge(mode, (image, image, image))
            if mode == "LAB"
            else image.convert("RGB").convert(mode)
        )
    else:
        image = image.convert(mode)
    assert_same_digit(image, 0.95)


@pytest.mark.parametrize(
    "array",
    [
        FIVE < 128,
        FIVE[..., None],
        np.dstack([FIVE] * 3),
        np.dstack([FIVE, FIVE, FIVE, np.full_like(FIVE, 255)]),
        FIVE / 255,
        FIVE.astype(np.float16),
        FIVE.astype(np.int64),
        FIVE.astype(np.uint16) * 257,
        FIVE.astype(np.uint16) * 4 + 100,
    ],
    ids=["bool", "hw1", "hw3", "hw4", "unit", "float16", "int64", "16 bit", "10 of 16 bit"],
)
def test_every_kind_of_array_is_read(array):
    assert_same_digit(array, 0.95)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_usual_format_is_read(kind):
    assert_same_digit(to_file(FIVE, kind), 0.97)


def test_a_path_a_string_and_an_open_file_are_the_same(tmp_path):
    path = tmp_path / "five.jpg"  # PNG data under a wrong name, as phones make them
    path.write_bytes(to_file(FIVE).read())
    with path.open("rb") as file:
        for source in (path, str(path), file):
            np.testing.assert_array_equal(load_digit_image(source), EXPECTED)


@pytest.mark.parametrize("ink", [0, 100, 160, 255])
@pytest.mark.parametrize("hidden", [0, 255])
def test_ink_on_a_transparent_background_is_read(ink, hidden):
    opacity = 255 - FIVE
    color = np.where(opacity > 0, ink, hidden).astype(np.uint8)
    assert_same_digit(np.dstack([color, color, color, opacity]), 0.95)


def test_a_transparent_palette_is_read():
    image = Image.fromarray((FIVE > 128).astype(np.uint8)).convert("P")
    image.putpalette([10, 10, 10, 10, 10, 10])
    assert_same_digit(to_file(image, transparency=1), 0.95)


def test_a_page_with_transparent_corners_keeps_its_background():
    opacity = np.full_like(FIVE, 255)
    opacity[:20, :20] = 0
    assert_same_digit(np.dstack([255 - FIVE] * 3 + [opacity]), 0.99)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((40, 60, 180), (235, 235, 230)),
        ((200, 40, 40), (255, 250, 240)),
        ((255, 0, 0), (0, 130, 0)),  # equally bright: a plain gray picture is nearly blank
        ((250, 200, 20), (90, 90, 90)),
        ((60, 80, 200), (255, 170, 200)),
    ],
)
def test_colored_ink_shows_on_colored_paper(ink, paper):
    fraction = 1 - FIVE[..., None] / 255
    colors = (fraction * np.array(ink) + (1 - fraction) * np.array(paper)).astype(np.uint8)
    assert_same_digit(colors, 0.97)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_s_note_on_rotation_is_followed(orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(FIVE[:, :180])
    if orientation > 1:
        image = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[274] = orientation
    file = to_file(image, "JPEG", exif=exif)
    assert open_picture(file).shape == (200, 180, 4)
    file.seek(0)
    assert_same_digit(file, 0.97)


# Photographs


def light(shape, kind):
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return {
        "even": np.ones(shape),
        "falling": 1 - 0.5 * x,
        "vignette": 1 - 0.8 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
        "shadow": np.where(x + 0.3 * y > 0.6, 0.6, 1.0),
        "dark": np.full(shape, 0.4),
    }[kind]


@pytest.mark.parametrize("kind", ["even", "falling", "vignette", "shadow", "dark"])
@pytest.mark.parametrize("contrast", [0.2, 0.8])
def test_light_and_noise_do_not_matter(kind, contrast):
    page = draw_five(500) / 255
    photo = 0.9 * (1 - contrast * (1 - page)) * light(page.shape, kind)
    photo = photo + np.random.default_rng(1).normal(0, 0.01, page.shape)
    assert_same_digit(np.clip(photo, 0, 1), 0.9)


@pytest.mark.parametrize("squared", [False, True])
def test_ruled_and_squared_lines_are_no_ink(squared):
    page = draw_five(500).copy()
    lines = np.full_like(page, 255)
    lines[20::60] = 130
    lines[21::60] = 130
    if squared:
        lines[:, 25::60] = 130
    assert_same_digit(np.minimum(page, lines), 0.85)


@pytest.mark.parametrize("shade", [0, 60])
def test_a_dark_frame_is_no_ink(shade):
    page = draw_five(500).copy()
    page[:15] = page[-15:] = page[:, :15] = page[:, -15:] = shade
    assert_same_digit(page, 0.93)


def draw_around(size, shape, seed):
    """Draw a line by hand around the middle of a white page."""
    image = Image.new("L", (size, size), 255)
    turn = np.linspace(0, 2 * np.pi, 60)
    out = 0.32 if shape == "circle" else 0.31 / np.maximum(abs(np.cos(turn)), abs(np.sin(turn)))
    out = out + ndimage.gaussian_filter1d(
        np.random.default_rng(seed).normal(0, 0.02, 60), 2, mode="wrap"
    )
    path = size * (0.5 + out * np.stack([np.cos(turn), np.sin(turn)])).T
    ImageDraw.Draw(image).line([tuple(p) for p in path], fill=40, width=4)
    return np.asarray(image)


@pytest.mark.parametrize("shape", ["box", "circle"])
@pytest.mark.parametrize("seed", range(3))
def test_a_line_drawn_around_a_digit_is_no_ink(shape, seed):
    assert_same_digit(np.minimum(draw_five(400), draw_around(400, shape, seed)), 0.95)


def test_a_smudge_in_a_loop_does_not_make_an_eight_a_line_around_a_digit():
    image = Image.new("L", (300, 300), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse([105, 40, 195, 150], outline=0, width=14)
    pen.ellipse([95, 136, 205, 260], outline=0, width=14)
    alone = load_digit_image(image)
    pen.ellipse([135, 175, 165, 220], fill=0)
    assert likeness(load_digit_image(image), alone) > 0.85


def test_a_dot_in_a_nought_does_not_make_it_a_line_around_a_digit():
    image = Image.new("L", (300, 300), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse([90, 50, 210, 250], outline=0, width=14)
    alone = load_digit_image(image)
    pen.ellipse([143, 143, 157, 157], fill=0)
    assert likeness(load_digit_image(image), alone) > 0.9


def test_a_page_edge_is_no_ink():
    page = draw_five(500).copy()
    page[:, :60] = 70
    assert_same_digit(page, 0.93)


def test_specks_are_no_ink():
    page = draw_five(500).copy()
    for row, column in np.random.default_rng(3).integers(0, 497, (40, 2)):
        page[row : row + 3, column : column + 3] = 0
    assert_same_digit(page, 0.9)


def test_a_bar_apart_belongs_to_its_five():
    image = load_digit_image(draw_five(400, bar_apart=24))
    _, count = ndimage.label(image > 0.3, np.ones((3, 3)))
    assert count == 2


def test_a_24_megapixel_photograph_is_read_small():
    photo = Image.fromarray(FIVE).convert("RGB").resize((6000, 4000))
    picture = open_picture(to_file(photo, "JPEG"))
    assert picture.dtype == np.uint8
    assert picture.shape[0] * picture.shape[1] <= 1.05 * WORKING_PIXELS
    np.testing.assert_allclose(picture.shape[1] / picture.shape[0], 1.5, atol=0.01)


@pytest.mark.parametrize("size", [16, 20, 28])
def test_the_smallest_pictures_are_read(size):
    page = np.asarray(
        Image.fromarray(draw_five(200, width=16)[30:170, 30:170]).resize((size, size))
    )
    assert_same_digit(page, 0.7)


# What is no picture of a digit


def png_header(width, height):
    """Return a PNG that claims a size and holds no pixels."""
    body = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)

    def chunk(name, data):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    pixels = chunk(b"IDAT", zlib.compress(b""))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", body) + pixels + chunk(b"IEND", b""))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (io.BytesIO(b""), "could not be read as a picture"),
        (io.BytesIO(b"five is a fine digit\n" * 40), "could not be read as a picture"),
        (io.BytesIO(to_file(FIVE).read()[:400]), "undamaged"),
        (png_header(20_000, 20_000), "at most 50 megapixels"),
        (png_header(9_000, 9_000), "at most 50 megapixels"),
        (np.lib.stride_tricks.as_strided(FIVE, (20_000, 20_000), (0, 0)), "at most 50 megapixels"),
        (np.full((50, 50), np.nan), "NaN"),
        (np.full((50, 50), np.inf, np.float32), "NaN or infinity"),
        (np.zeros(784), r"\(784,\)"),
        (np.zeros((10, 28, 28)), r"\(10, 28, 28\)"),
        (np.zeros((28, 28, 2)), r"\(28, 28, 2\)"),
        (np.zeros((0, 28)), r"\(0, 28\)"),
        (np.array([["a", "b"]]), "numbers"),
        (np.array([[1j, 2]]), "numbers"),
        (np.eye(28) - 0.5, "standardization"),
        (np.eye(28) * 300, "300"),
        (None, "NoneType"),
        ([[0, 1], [1, 0]], "list"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(source, says):
    with pytest.raises(ValueError, match=says):
        load_digit_image(source)


def blank_pages():
    noise = np.random.default_rng(0).normal(0, 0.01, (400, 300))
    yield "white", np.full((100, 100), 255, np.uint8)
    yield "black", np.zeros((100, 100), np.uint8)
    yield "one pixel", np.zeros((1, 1), np.uint8)
    yield "transparent", np.zeros((50, 50, 4), np.uint8)
    yield "photograph", np.clip(0.8 + noise, 0, 1)
    yield "shaded photograph", np.clip(0.9 * light(noise.shape, "vignette") + noise, 0, 1)
    lines = np.full((400, 300), 0.9)
    lines[15::40] = lines[16::40] = 0.6
    yield "ruled paper", lines
    lines = np.minimum(lines, np.where(np.arange(300) % 40 == 7, 0.7, 1))
    yield (
        "photograph of squared paper",
        np.clip(lines * light(noise.shape, "vignette") + noise, 0, 1),
    )


@pytest.mark.parametrize("page", [pytest.param(page, id=name) for name, page in blank_pages()])
@pytest.mark.parametrize("read", [load_digit_image, read_digits])
def test_a_blank_page_is_refused(page, read):
    with pytest.raises(ValueError, match="no digit"):
        read(page)


@pytest.mark.skipif(sys.platform == "win32", reason="resource is for POSIX")
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF"])
def test_the_largest_picture_allowed_takes_little_memory_and_a_larger_one_none(tmp_path, kind):
    code = """
import resource, sys
from digits_helpers import load_digit_image
unit = 1 if sys.platform == "darwin" else 1024
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
for path in sys.argv[1:]:
    before = peak()
    try:
        load_digit_image(path)
    except ValueError as error:
        print(str(error)[-90:], file=sys.stderr)
    print(peak() - before)
"""
    paths = [tmp_path / name for name in ("small", "above", "largest")]
    sides = [500, 7200, 7000]
    for path, side in zip(paths, sides, strict=True):
        Image.fromarray(FIVE).convert("1").resize((side, side)).save(path, kind)
    run = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True
    )
    _, above, largest = (float(line) for line in run.stdout.split())
    assert run.stderr.count("at most 50 megapixels") == 1
    assert above < 20  # MB
    assert largest < 500


def test_a_missing_file_is_reported_as_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_digit_image(tmp_path / "nothing.png")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="picture"):
        load_digit_image(tmp_path)


@pytest.mark.filterwarnings("ignore:the picture seems to hold two")  # what is left may
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_corrupted_file_gives_a_result_or_a_value_error(kind):
    whole = bytearray(to_file(draw_five(60), kind).read())
    chance = np.random.default_rng(7)
    for _ in range(50):
        broken = whole.copy()
        for place in chance.integers(0, len(broken), chance.integers(1, 12)):
            broken[place] = chance.integers(0, 256)
        if chance.random() < 0.3:
            del broken[chance.integers(1, len(broken)) :]
        try:
            image = load_digit_image(io.BytesIO(broken))
        except ValueError as error:
            assert len(str(error)) > 40  # noqa: PT017 - either outcome is right
        else:
            assert image.shape == (28, 28)
            assert np.isfinite(image).all()


def test_importing_does_not_import_tensorflow():
    code = "import sys, digits_helpers.pictures.reading; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
