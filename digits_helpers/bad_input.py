"""Input that a reader of digits meets and should not trust: `draw_non_digits`, `corrupt_files`."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 240
LETTERS = "ACEFHJKMNPRTVWXYabdefhkmnrtwxy"
WORDS = ["sum", "total", "name", "date", "street", "city", "price", "please", "sign", "thanks"]
FONTS = ["DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "DejaVuSans-Oblique"]


def draw_non_digits(count=8, seed=0):
    """Draw pictures without a digit: lines, shapes, printed letters, textures.

    Parameters
    ----------
    count : int
        How many of each kind.
    seed : int
        Of the random sizes, positions and shapes.

    Returns
    -------
    dict of str to list of numpy.ndarray
        For each of eight kinds (letters, words, faces, drawings, logos, tables, textures, noise)
        `count` pictures, uint8 (240, 240), dark on light.
    """
    kinds = {
        "letters": _letter,
        "words": _words,
        "faces": _face,
        "drawings": _drawing,
        "logos": _logo,
        "tables": _table,
        "textures": _texture,
        "noise": _noise,
    }
    random = np.random.default_rng(seed)
    return {kind: [draw(random, i) for i in range(count)] for kind, draw in kinds.items()}


def _paper():
    return np.full((SIDE, SIDE), 255, np.uint8)


def _write(picture, text, center, font, size, color=0):
    """Write a text into a picture in one of Matplotlib's fonts."""
    import matplotlib

    file = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    pen.text(center, text, fill=color, font=ImageFont.truetype(file, size), anchor="mm")
    return np.array(image)


def _letter(random, i):
    letter = LETTERS[random.integers(len(LETTERS))]
    return _write(_paper(), letter, (120, 120), FONTS[i % len(FONTS)], random.uniform(110, 200))


def _words(random, i):
    picture = _paper()
    for row in range(2 + i % 3):
        center = (int(random.integers(90, 140)), 40 + 55 * row)
        picture = _write(picture, random.choice(WORDS), center, FONTS[i % len(FONTS)], 36)
    return picture


def _face(random, i):
    picture = _paper()
    x, y = (int(value) for value in random.integers(105, 135, 2))
    high, wide = (int(value) for value in random.integers(60, 90, 2))
    pen = (0, int(random.integers(3, 7)), cv2.LINE_AA)
    cv2.ellipse(picture, (x, y), (wide, high), 0, 0, 360, *pen)
    for side in (-1, 1):
        cv2.circle(picture, (x + side * wide // 3, y - high // 4), 4 + i % 4, *pen)
    smile, turn = (wide // 2, high // 3), 0 if i % 2 else 180
    cv2.ellipse(picture, (x, y + high // 3 + turn // 12), smile, turn, 20, 160, *pen)
    if i % 3 == 0:
        cv2.line(picture, (x, y - 8), (x - 6, y + 12), *pen)
    return picture


def _drawing(random, i):
    picture, turn = _paper(), np.linspace(0, 1, 200)
    roof = [(60, 200), (60, 110), (120, 50), (180, 110), (180, 200), (60, 200)]
    spiral = 120 + 90 * turn[:, None] * np.stack([np.cos(25 * turn), np.sin(25 * turn)]).T
    petals = 120 + (45 + 40 * np.cos(5 * 2 * np.pi * turn))[:, None] * np.stack(
        [np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)]
    ).T  # fmt: skip
    arrow = [(40, 120), (200, 120), (160, 80), (200, 120), (160, 160)]
    scribble = random.uniform(40, 200, (14, 2))
    fish = [(40, 80), (80, 120), (40, 160), (40, 80), (80, 120), (140, 80), (200, 120), (140, 160)]
    wave = np.stack([40 + 160 * turn, 120 + 40 * np.sin(30 * turn)]).T
    tree = [(110, 210), (110, 160), (50, 160), (120, 40), (190, 160), (130, 160), (130, 210)]
    path = [roof, spiral, petals, arrow, scribble, fish, wave, tree][i % 8]
    points = np.asarray(path, float) + random.normal(0, 2, 2)
    width = int(random.integers(3, 8))
    return cv2.polylines(picture, [points.round().astype(np.int32)], False, 0, width, cv2.LINE_AA)


def _logo(random, i):
    picture, turn = _paper(), np.pi / 5 * np.arange(10) + random.uniform(0, 1)
    size = random.uniform(0.7, 1.1)
    radius = size * np.where(np.arange(10) % 2, 40, 95)[:, None]
    star = (120 + radius * np.stack([np.sin(turn), -np.cos(turn)]).T).astype(np.int32)
    triangle = (120 + size * np.array([(0, -90), (95, 80), (-95, 80)])).astype(np.int32)
    if i % 4 == 0:
        cv2.fillPoly(picture, [star], 0, cv2.LINE_AA)
    elif i % 4 == 1:
        cv2.fillPoly(picture, [triangle], 40, cv2.LINE_AA)
        cv2.circle(picture, (120, 140), 30, 255, -1, cv2.LINE_AA)
    elif i % 4 == 2:
        cv2.rectangle(picture, (40, 40), (200, 200), 30, -1)
        picture = _write(picture, "XY"[i // 4 % 2] + "K", (120, 120), FONTS[1], 90 * size, 255)
    else:
        for x in (70, 120, 170):
            cv2.circle(picture, (x, 120), int(40 * size), 0, 9, cv2.LINE_AA)
    return picture


def _table(random, i):
    picture, pen = _paper(), (60, int(random.integers(1, 4)))
    if i % 2:  # the axes of a chart and its curve
        cv2.polylines(picture, [np.array([(40, 20), (40, 200), (220, 200)])], False, *pen)
        heights = 200 - random.uniform(20, 160, 8)
        points = np.stack([np.linspace(45, 215, 8), heights]).T.astype(np.int32)
        return cv2.polylines(picture, [points], False, 0, 2, cv2.LINE_AA)
    step = int(random.integers(30, 70))
    for at in range(15, SIDE, step):
        cv2.line(picture, (15, at), (225, at), *pen)
        cv2.line(picture, (at, 15), (at, 225), *pen)
    return picture


def _texture(random, i):
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    coarse = cv2.resize(random.normal(size=(8, 8)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    waves = random.uniform(20, 60)
    pattern = [
        np.sin(waves * x + 3 * coarse),  # wood
        np.sin(2 * waves * x) * np.sin(2 * waves * y),  # cloth
        np.sign(np.sin(waves * x) * np.sin(waves * y)),  # a checkerboard
        coarse / 3,  # clouds
    ][i % 4]
    return np.uint8(np.clip(128 + 90 * pattern + random.normal(0, 6, x.shape), 0, 255))


def _noise(random, i):
    shape = (SIDE, SIDE)
    if i % 4 == 0:
        return random.integers(0, 256, shape, np.uint8)
    if i % 4 == 1:  # black and white specks
        return np.where(random.random(shape) < 0.1, 0, 255).astype(np.uint8)
    if i % 4 == 2:
        return np.uint8(np.clip(random.normal(128, 30, shape), 0, 255))
    large = random.integers(0, 256, (20, 20), np.uint8)
    return cv2.resize(large, shape, interpolation=cv2.INTER_NEAREST)


def corrupt_files(files, count=300, seed=0):
    """Corrupt picture files at random: cut short, changed, or impossible.

    Parameters
    ----------
    files : list of path
        Pictures that can be read.
    count : int
        How many corrupted files to make, of ten kinds in turn.
    seed : int
        Of the random choices.

    Yields
    ------
    kind : str
        What was done to the file.
    data : bytes
        The corrupted file.
    file : path
        The picture that it was made from.
    """
    random = np.random.default_rng(seed)
    kinds = {
        "cut short": lambda data: data[: random.integers(1, len(data))],
        "bytes changed": lambda data: _change(data, random, random.integers(1, 20)),
        "beginning changed": lambda data: _change(data[:60], random, 5) + data[60:],
        "a block overwritten": lambda data: _overwrite(data, random),
        "a block lost": lambda data: data[: len(data) // 3] + data[len(data) // 2 :],
        "text mode": lambda data: data.replace(b"\n", b"\r\n"),
        "random bytes": lambda data: random.bytes(len(data) // 4),
        "extreme size": lambda data: _extreme_size(random),
        "noise added": lambda data: _decode_and(data, random, _add_noise),
        "a narrow strip": lambda data: _decode_and(data, random, _strip),
    }
    formats = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]
    names = list(kinds)
    for i in range(count):
        file = files[random.integers(len(files))]
        with Image.open(file) as image:
            small = image.convert("RGB")
        small.thumbnail((160, 160))
        small.save(whole := io.BytesIO(), formats[i // len(kinds) % len(formats)])
        name = names[i % len(kinds)]
        yield name, kinds[name](whole.getvalue()), file


def _change(data, random, count):
    changed = bytearray(data)
    for at in random.integers(0, len(changed), count):
        changed[at] = random.integers(256)
    return bytes(changed)


def _overwrite(data, random):
    start, length = random.integers(len(data)), random.integers(10, 500)
    return data[:start] + bytes(int(length)) + data[start + length :]


def _extreme_size(random):
    """Return a PNG of one pixel's width or height, or one that claims a vast size."""
    width, height = [(1, 1), (1, 5000), (5000, 1), (60_000, 60_000), (2**31 - 1, 1), (0, 7)][
        random.integers(6)
    ]
    rows = zlib.compress(bytes((width + 1) * height if width * height < 10**5 else 0))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _decode_and(data, random, change):
    with Image.open(io.BytesIO(data)) as image:
        pixels = change(np.asarray(image.convert("L")), random)
    Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
    return file.getvalue()


def _add_noise(pixels, random):
    noise = random.normal(0, random.uniform(20, 200), pixels.shape)
    return np.uint8(np.clip(pixels + noise, 0, 255))


def _strip(pixels, random):
    row = int(random.integers(len(pixels) - 3))
    return pixels[row : row + int(random.integers(1, 4))]
