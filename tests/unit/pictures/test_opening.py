"""What is read, what is said of a file that is not a picture, and which frame is read."""

import base64
import gzip
import io
import plistlib
import urllib.parse
import warnings
import zipfile

import numpy as np
import pytest
from digits_helpers import load_digit_image, open_picture
from PIL import Image, ImageDraw

ISO = b"\0\0\0\x18ftyp"


def ring(**options):
    image = Image.new("RGB", (60, 80), "white")
    ImageDraw.Draw(image).ellipse([12, 10, 48, 70], outline="black", width=7)
    image.save(file := io.BytesIO(), **({"format": "PNG"} | options))
    return file.getvalue()


RING = ring()
EXPECTED = open_picture(io.BytesIO(RING))


def archive(*names):
    with zipfile.ZipFile(file := io.BytesIO(), "w") as opened:
        for name in names:
            opened.writestr(name, b"contents")
    return file.getvalue()


def saved(save, array):
    save(file := io.BytesIO(), array)
    return file.getvalue()


# The same picture in other containers


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_and_file_like_objects_are_read(kind):
    np.testing.assert_array_equal(open_picture(kind(RING)), EXPECTED)


def test_a_file_like_object_is_read_from_its_beginning_every_time():
    file = io.BytesIO(RING)
    for _ in range(2):
        np.testing.assert_array_equal(open_picture(file), EXPECTED)


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64," + base64.b64encode(RING).decode(),
        "DATA:image/png;base64," + base64.b64encode(RING).decode().rstrip("="),
        "data:;base64," + base64.urlsafe_b64encode(RING).decode(),
        "data:image/png;name=five.png;base64," + base64.encodebytes(RING).decode(),
        "data:image/png;base64," + urllib.parse.quote(base64.b64encode(RING)),
        "data:image/png," + urllib.parse.quote(RING),
    ],
    ids=["base64", "without padding", "for URLs", "with line breaks", "quoted", "percent"],
)
def test_data_urls_are_read(url):
    np.testing.assert_array_equal(open_picture(url), EXPECTED)


@pytest.mark.parametrize("format", ["WEBP", "AVIF", "JPEG2000", "TIFF", "ICO"])
def test_formats_that_pillow_reads_are_read(format):
    if format == "AVIF" and "AVIF" not in Image.SAVE and not Image.init():
        pytest.skip("this Pillow has no AVIF")
    picture = open_picture(ring(format=format))
    if format != "ICO":  # which are square
        assert picture.shape == EXPECTED.shape
        assert np.abs(picture.astype(int) - EXPECTED).mean() < 12


# What a file is, by its contents

KINDS = {
    "HEIC": ISO + b"heic\0\0\0\0mif1heic" + bytes(200),
    "PDF": b"%PDF-1.7\n" + bytes(range(128, 256)),
    "SVG": b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "TGA": ring(format="TGA"),
    "property list": plistlib.dumps({"URL": "photo"}, fmt=plistlib.FMT_BINARY),
    "property list, as XML": plistlib.dumps({"URL": "photo"}),
    "HTML": b"\n<!DOCTYPE html>\n<html><head><title>five</title></head></html>",
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1234\n",
    "empty file": b"",
    "zeros": bytes(3000),
    "text file": "fünf is a fine digit\n".encode() * 40,
    "text file, in UTF-16": "five\n".encode("utf-16"),
    "Word": archive("[Content_Types].xml", "word/document.xml"),
    "Excel": archive("[Content_Types].xml", "xl/workbook.xml"),
    "archive": archive("five.png"),
    "archive, gzip": gzip.compress(RING),
    "NumPy array": saved(np.save, np.eye(28)),
    "NumPy arrays": saved(np.savez, np.eye(28)),
    "video": ISO + b"isom\0\0\2\0" + bytes(200),
    "raw photograph": ISO + b"crx \0\0\0\1" + bytes(200),
    "JPEG XL": b"\xff\x0a" + bytes(range(200)),
    "Photoshop": b"8BPS\0\1" + bytes(200),
    "macOS": b"\0\5\x16\7\0\2\0\0Mac OS X        ",
    "damaged or incomplete PNG": RING[: len(RING) // 2],
    "damaged or incomplete JPEG": ring(format="JPEG")[:200],
    "damaged or incomplete WebP": ring(format="WEBP")[:40],
    "damaged or incomplete GIF": ring(format="GIF")[:30],
    "damaged or incomplete BMP": ring(format="BMP")[:20],
    "damaged TIFF": ring(format="TIFF")[:200],
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_says_what_the_file_is_and_what_to_do(kind, tmp_path):
    (path := tmp_path / "five.jpg").write_bytes(KINDS[kind])
    with pytest.raises(ValueError, match="could not be read as a picture") as raised:
        load_digit_image(path)
    assert kind.split(",")[0] in str(raised.value)
    assert "five.jpg" in str(raised.value)
    assert any(do in str(raised.value) for do in ("PNG", "pass one", "the array", "git lfs pull"))


def test_what_nobody_knows_is_refused_in_general_terms():
    noise = np.random.default_rng(0).integers(128, 255, 5000, np.uint8).tobytes()
    with pytest.raises(ValueError, match="could not be read as a picture: expected a whole"):
        open_picture(noise)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (base64.b64encode(RING * 30).decode(), r"data:image/png;base64,\.\.\."),
        ("data:image/png;base64," + "A" * 20_001, "cannot be decoded"),
        ("data:image/png" + "a" * 20_000, "cannot be decoded"),
        ("data:image/svg+xml," + "<svg>" * 4000, "SVG"),
        ("a\0b", "expected a path"),
        ("no/" * 60 + "five.png", "there is no file"),
        ("https://example.org/five.png", "download the picture first"),
        (io.StringIO("five"), "binary mode"),
        ([[0] * 20_000], "list"),
    ],
)
def test_an_error_never_repeats_more_than_some_hundred_characters(source, says):
    with pytest.raises((ValueError, FileNotFoundError), match=says) as raised:
        open_picture(source)
    assert len(str(raised.value)) < 320


def test_an_endless_file_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr("digits_helpers.pictures.opening.MAX_BYTES", 1000)

    class Endless(io.RawIOBase):
        def read(self, size):
            assert size <= 1001
            return bytes(size)

    with pytest.raises(ValueError, match="more than"):
        open_picture(Endless())


# Animations and files of several pages


def frames(last_is_blank=False):
    """Return a 7 drawn stroke by stroke on a page that is blank at first."""
    pages = [Image.new("L", (60, 80), 255)]
    for points in ([(12, 15), (48, 15)], [(48, 15), (25, 70)]):
        pages.append(pages[-1].copy())
        ImageDraw.Draw(pages[-1]).line(points, fill=0, width=7)
    return pages + pages[:1] if last_is_blank else pages


def animate(pages, format, **options):
    pages[0].save(file := io.BytesIO(), format, save_all=True, append_images=pages[1:], **options)
    return file.getvalue()


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("last_is_blank", [False, True])
def test_an_animation_is_read_at_the_last_frame_that_shows_something(format, last_is_blank):
    pages = frames(last_is_blank)
    with pytest.warns(UserWarning, match=f"animation of {len(pages)} frames: number 3 is read"):
        picture = open_picture(animate(pages, format, duration=100))
    difference = np.asarray(pages[2], int) - picture[..., 0]
    assert np.abs(difference).mean() < 4


def test_of_several_pages_the_first_is_read_and_the_warning_says_so():
    with pytest.warns(UserWarning, match="has 2 pages: number 1 is read"):
        picture = open_picture(animate(frames()[:0:-1], "TIFF"))
    np.testing.assert_array_equal(picture[..., 0], frames()[2])


def test_an_animation_of_too_many_pixels_is_read_at_its_first_frame(monkeypatch):
    monkeypatch.setattr("digits_helpers.pictures.opening.MAX_PIXELS", 60 * 80)
    pages = [
        page.point(lambda level, i=i: max(level - i, 0)) for i, page in enumerate(frames() * 3)
    ]
    with pytest.warns(UserWarning, match="9 frames: number 1 is read"):
        open_picture(animate(pages, "GIF"))


def test_an_opened_animation_is_read_at_the_frame_that_was_chosen():
    opened = Image.open(io.BytesIO(animate(frames(), "GIF")))
    opened.seek(1)
    with pytest.warns(UserWarning, match="number 2 is read"):
        picture = open_picture(opened)
    np.testing.assert_array_equal(picture[..., 0], frames()[1])


@pytest.mark.parametrize("format", ["PNG", "GIF", "MPO"])
def test_a_photograph_with_a_preview_and_a_single_frame_give_no_warning(format):
    pages = frames()[2:] * (2 if format == "MPO" else 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_picture(animate(pages, format))
