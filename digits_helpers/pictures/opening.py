"""Open a picture from a file or an array, the right way up and in one format: `open_picture`."""

import base64
import io
import math
import os
import urllib.parse
import warnings

import numpy as np
from digits_helpers.pictures.file_types import WHOLE, describe_file
from PIL import Image, ImageOps

MAX_PIXELS = 50_000_000
"""Larger pictures are refused before they are decoded."""

MAX_BYTES = 500_000_000
"""Of a larger file no more than this is read before it is refused."""

WORKING_PIXELS = 250_000
"""Larger pictures of one digit are reduced to about this many pixels."""

LIMIT = "at most 50 megapixels: make the picture smaller, or crop it to the digit"

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "ICO", "JPEG2000", "AVIF")


def open_picture(source):
    """Open a picture, the right way up and in one format.

    Of an animation the last frame that is not blank is read, of a file with several pages the
    first; a warning says so.

    Parameters
    ----------
    source : str, path, bytes, open binary file, PIL image or array
        A string is a path or a data URL (``data:image/png;base64,...``). An array holds gray
        values, shape (h, w) or (h, w, 1), colors (h, w, 3), or colors and opacity (h, w, 4): bool,
        uint8, uint16, or numbers in [0, 1] or [0, 255].

    Returns
    -------
    numpy.ndarray
        uint8 (h, w, 4): red, green, blue and opacity (255 is opaque), rotated as the camera's EXIF
        tag says, and reduced to about 0.25 megapixels if it is larger.

    Raises
    ------
    FileNotFoundError
        If there is no file at a path.
    ValueError
        If the source is not a picture, is damaged, or has more than 50 megapixels; the size is
        checked before the pixels are decoded. The message says what a file is that is not a
        picture.
    """
    return open_scaled(source, WORKING_PIXELS)[0]


def open_scaled(source, working_pixels):
    """Return what `open_picture` does and its scale relative to the original."""
    name, data = _name_and_data(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities in files that it reads well
        try:
            image = _image_from(source if data is None else data)
            _check_size(image.size, name)
            note = _choose_frame(image, seek=image is not source)
            pixels = image.width * image.height
            shrink = math.sqrt(max(pixels / working_pixels, 1))
            if image.format in ("JPEG", "MPO") and image is not source:  # decoded small: faster
                image.draft(None, (int(image.width / shrink), int(image.height / shrink)))
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I") or image.mode == "F":
                image = Image.fromarray(_stretch(np.asarray(image)))
            if image.mode in ("La", "LAB"):  # Pillow has no direct way from these to RGBA
                image = image.convert({"La": "LA", "LAB": "RGB"}[image.mode])
            if image.mode not in ("L", "LA", "RGB", "RGBA"):
                image = image.convert("RGBA")
            shrink = math.sqrt(image.width * image.height / working_pixels)
            if shrink > 1:
                size = [max(1, round(side / shrink)) for side in image.size]
                image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
            image = image.convert("RGBA")
        except _PictureError:
            raise
        except Image.DecompressionBombError as error:
            raise ValueError(f"{name} is far too large, expected {LIMIT}") from error
        except Exception as error:  # a damaged file can lead a decoder into any error at all
            raise ValueError(_explain(name, data)) from error
    if note:
        warnings.warn(f"{name} {note}", UserWarning, stacklevel=3)
    return np.asarray(image), math.sqrt(image.width * image.height / pixels)


class _PictureError(ValueError):
    """An error whose message already says all."""


def _name_and_data(source):
    """Return what to call a source, in at most some 100 characters, and its bytes or None."""
    if isinstance(source, bytes | bytearray | memoryview):
        return "the picture", bytes(source)
    if isinstance(source, str) and source[:5].lower() == "data:":
        return "the picture", _decode_data_url(source)
    if isinstance(source, str | os.PathLike):
        name = _shorten(os.fspath(source))
        return name, _read_file(source, name)
    if not hasattr(source, "read") or isinstance(source, Image.Image | np.ndarray):
        return "the picture", None
    if hasattr(source, "seek") and getattr(source, "seekable", lambda: True)():
        source.seek(0)
    data = source.read(MAX_BYTES + 1)
    if isinstance(data, str):
        raise _PictureError("expected a file opened in binary mode: write open(path, 'rb')")
    return "the picture", _check_bytes(bytes(data), "the picture")


def _shorten(text):
    """Return a text with its middle left out if it is long."""
    text = f"{text}"
    return text if len(text) <= 100 else f"{text[:40]}...{text[-55:]}"


def _read_file(path, name):
    """Return the bytes of a file."""
    try:
        with open(path, "rb") as file:
            return _check_bytes(file.read(MAX_BYTES + 1), name)
    except FileNotFoundError:
        advice = "check the name and the folder"
        if name.lower().startswith(("http:", "https:")):
            advice = "download the picture first"
        raise FileNotFoundError(f"there is no file {name}: {advice}") from None
    except _PictureError:
        raise
    except (OSError, ValueError) as error:
        if os.path.isdir(path):
            raise _PictureError(f"{name} is a folder: pass one picture in it") from None
        if isinstance(error, PermissionError):
            raise PermissionError(f"{name} may not be read: change its permissions") from None
        raise _PictureError(  # too long for a path, or with characters that no path may have
            f"expected a path, a data URL (data:image/png;base64,...) or bytes, got {name!r}"
        ) from None


def _check_bytes(data, name):
    if len(data) > MAX_BYTES:
        raise _PictureError(f"{name} has more than {MAX_BYTES / 1e6:.0f} MB, expected {LIMIT}")
    return data


def _decode_data_url(url):
    """Return the bytes of a data URL, ``data:[type][;base64],[data]`` (RFC 2397)."""
    head, comma, body = url.partition(",")
    try:
        if not comma:
            raise ValueError("no comma")
        data = urllib.parse.unquote_to_bytes(body)
        if head.lower().endswith(";base64"):
            data = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/"))
            data = base64.b64decode(data.rstrip(b"=") + b"=" * (-len(data.rstrip(b"=")) % 4))
    except ValueError as error:
        raise _PictureError(
            "expected a data URL such as data:image/png;base64,iVBORw0K..., got one that "
            f"cannot be decoded: {_shorten(url)}"
        ) from error
    return _check_bytes(data, "the picture")


def _image_from(source):
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return Image.fromarray(_bytes_from(source))
    if isinstance(source, bytes):
        return Image.open(io.BytesIO(source), formats=FORMATS)
    raise _PictureError(
        "expected a path, a data URL, bytes, an open file, a PIL image or an array, got "
        f"{_shorten(type(source).__name__)}"
    )


def _choose_frame(image, seek):
    """Go to the frame of an animation that is read, and return what to say of it."""
    frames = getattr(image, "n_frames", 1)
    if frames < 2 or image.format == "MPO":  # a photograph with previews
        return ""
    if image.format == "TIFF" or not seek or frames * math.prod(image.size) > 4 * MAX_PIXELS:
        part = "pages" if image.format == "TIFF" else "frames"
        return f"has {frames} {part}: number {image.tell() + 1} is read"
    for frame in range(frames - 1, -1, -1):
        image.seek(frame)
        # compressed, a blank frame is not of one level
        if any(high - low > 20 for low, high in image.convert("RGBA").getextrema()):
            break
    return f"is an animation of {frames} frames: number {frame + 1} is read"


def _explain(name, data):
    """Return what to say of a file that Pillow cannot read."""
    what, advice = describe_file(data) if data is not None else ("", WHOLE)
    return f"{name} could not be read as a picture: {what and f'it is {what}; '}{advice}"


def _check_size(size, name):
    if size[0] * size[1] > MAX_PIXELS:
        raise _PictureError(f"{name} has {size[0]} x {size[1]} pixels, expected {LIMIT}")


def _bytes_from(array):
    """Turn an array of gray values or colors into uint8 (h, w), (h, w, 3) or (h, w, 4)."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if (array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in (3, 4))) or not array.size:
        raise _PictureError(
            "expected an array of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), got "
            f"{array.shape}: pass one picture, such as x_test[0], as rows and columns"
        )
    _check_size(array.shape[1::-1], "the array")
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise _PictureError(f"expected an array of numbers, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise _PictureError("expected finite numbers, got NaN or infinity in the array")
    if array.dtype == np.uint16:
        return _stretch(array)
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise _PictureError(
            f"expected values in [0, 1] or [0, 255], got {low:.4g} to {high:.4g}: undo any "
            "standardization first"
        )
    is_unit = array.dtype.kind == "f" and high <= 1
    return np.rint(array.astype(np.float64) * (255 if is_unit else 1)).astype(np.uint8)


def _stretch(values):
    """Spread 16-bit or wider values, which often use a part of their range, over uint8."""
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise _PictureError("expected finite numbers, got NaN or infinity in the picture")
    low, high = values.min(), values.max()
    return np.rint((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
