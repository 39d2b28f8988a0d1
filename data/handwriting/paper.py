"""From pen strokes to pictures: ink on a plain background, or on paper under a camera."""

from dataclasses import dataclass, replace

import numpy as np
from hand import Hand, resample
from PIL import Image
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from scipy.spatial import cKDTree
from skimage.transform import AffineTransform, warp


@dataclass
class Pen:
    """What draws: lengths in digit heights, the rest as fractions."""

    width: float
    color: tuple = (0.08, 0.08, 0.1)
    soft: float = 1.0  # pixels over which the edge fades
    pressure: float = 0.1  # how much the width varies along a stroke
    taper: float = 0.0  # how much thinner the ends are
    nib: float = 0.0  # how much thinner strokes along the nib are
    grain: float = 0.0  # how much of the paper's tooth shows through
    cover: float = 0.95  # opacity
    passes: int = 1  # how often a stroke is gone over


BLUE, RED = (0.13, 0.17, 0.5), (0.72, 0.12, 0.14)
PENS = {
    "felt": Pen(0.085, pressure=0.08, taper=-0.15, cover=0.93),
    "marker": Pen(0.13, pressure=0.05, nib=0.35, cover=0.85),
    "ball": Pen(0.034, BLUE, pressure=0.18, grain=0.25, cover=0.85),
    "black ball": Pen(0.036, pressure=0.18, grain=0.2, cover=0.9),
    "red": Pen(0.045, RED, pressure=0.12, grain=0.1, cover=0.9),
    "scrawl": Pen(0.028, pressure=0.2, grain=0.2, cover=0.85, passes=4),
    "pencil": Pen(0.042, (0.25, 0.25, 0.27), pressure=0.2, grain=0.8, cover=0.75),
    "hairline": Pen(0.017, (0.36, 0.36, 0.38), pressure=0.15, grain=0.5, cover=0.6),
    "brush": Pen(0.15, pressure=0.3, taper=0.7, nib=0.3, grain=0.1),
    "crayon": Pen(0.12, (0.15, 0.35, 0.62), pressure=0.15, grain=1.0, soft=3, cover=0.9),
    "chalk": Pen(0.085, (0.92, 0.92, 0.88), pressure=0.15, grain=0.9, soft=3, cover=0.85),
    "mouse": Pen(0.09, pressure=0),
    "wide": Pen(0.17, pressure=0),
    "thin": Pen(0.014, pressure=0),
}


def noise(shape, scale, rng):
    """Return smooth noise, mean 0 and deviation 1, with blobs of about ``scale`` pixels."""
    coarse = max(1.0, scale / 2)
    small = rng.normal(0, 1, [int(n / coarse) + 4 for n in shape]).astype(np.float32)
    small = gaussian_filter(small, scale / coarse, mode="wrap")
    small = (small - small.mean()) / small.std()
    return np.asarray(Image.fromarray(small).resize(shape[::-1], Image.Resampling.BICUBIC))


def ink(strokes, shape, pen, height, rng):
    """Run a pen along strokes.

    Parameters
    ----------
    strokes : list of numpy.ndarray
        Paths of points (x, y), shape (n, 2), in pixels.
    shape : tuple of int
        Rows and columns of the picture.
    pen : Pen
    height : float
        Height of a digit in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        How much of each pixel is inked, 0 to 1, shape ``shape``.
    """
    bare = np.ones(shape, np.float32)
    radius = max(0.55, pen.width * height * rng.uniform(0.85, 1.15) / 2)
    reach = radius * 1.6 + 3  # no ink further from the path than this
    for path in [stroke for stroke in strokes for _ in range(pen.passes)]:
        if pen.passes > 1:
            drift = gaussian_filter1d(rng.normal(0, 1, path.shape), 30, axis=0, mode="wrap")
            path = path + height * (0.2 * drift + rng.normal(0, 0.012, 2))
        path = resample(path, 0.4)
        left, top = np.maximum(np.floor(path.min(0) - reach).astype(int), 0)
        right, bottom = np.minimum(np.ceil(path.max(0) + reach).astype(int), shape[::-1])
        if left >= right or top >= bottom:
            continue
        pixels = np.mgrid[left:right, top:bottom].T
        distance, nearest = cKDTree(path).query(pixels, distance_upper_bound=reach)
        half_width = np.append(radius * stroke_width(path, pen, height, rng), 0)  # 0: out of reach
        inside = np.clip((half_width[nearest] - distance) / pen.soft + 0.5, 0, 1)
        bare[top:bottom, left:right] *= 1 - pen.cover * inside
    tooth = noise(shape, 0.9, rng) * 0.7 + noise(shape, 2.5, rng) * 0.3
    return (1 - bare) * np.clip(1 - pen.grain * (0.18 + 0.35 * tooth), 0, 1)


def stroke_width(path, pen, height, rng):
    """Return the relative half width of a stroke at each point of its path."""
    n = len(path)
    swell = gaussian_filter1d(rng.normal(0, 1, n), max(1, 0.12 * height), mode="nearest")
    swell = pen.pressure * swell / max(np.abs(swell).max(), 1e-6)
    to_end = np.minimum(np.arange(n), np.arange(n)[::-1]) * 0.4 / height
    ends = pen.taper * np.exp(-to_end / 0.06)
    dx, dy = np.gradient(gaussian_filter1d(path, 3, axis=0), axis=0).T
    along_nib = np.abs(np.cos(np.arctan2(dy, dx) + 0.8))
    return np.clip((1 + swell - ends) * (1 - pen.nib * along_nib), 0.15, 1.5)


def placed(label, shape, height, at, rng, kind="usual"):
    """Return the strokes of ``label`` in pixels: digits ``height`` high, their middle ``at``."""
    strokes = [s * height for s in Hand(rng, kind).lines(label.split("-"))]
    low, high = np.min([s.min(0) for s in strokes], 0), np.max([s.max(0) for s in strokes], 0)
    move = np.multiply(at, shape[::-1]) - (low + high) / 2
    return [s + move for s in strokes], high[1] + move[1]


# fmt: off
def painting(label, rng, *, size=(280, 280), pen="mouse", color=None, background=(1, 1, 1),
             height=0.7, at=(0.5, 0.5), mode="RGB", crisp=False, jerk=0.0, kind="usual"):
    # fmt: on
    """Draw digits as a paint program does: even ink on an even background.

    Parameters
    ----------
    label : str
        The digits; ``-`` begins a new row.
    rng : numpy.random.Generator
    size : tuple of int
        Width and height in pixels.
    pen : str
        A key of ``PENS``.
    color, background : tuple of float, optional
        Red, green and blue of the ink (the pen's own by default) and of the background, 0 to 1.
    height : float
        Height of a digit, in heights of the picture; it varies a little.
    at : tuple of float
        Where the middle of the digits lies, in widths and heights of the picture.
    mode : {"RGB", "L", "LA", "RGBA", "P", "1", "I;16"}
        Mode of the image; with an alpha channel the background is transparent.
    crisp : bool
        Whether pixels are either ink or background.
    jerk : float
        The mouse reports so few points that the line has kinks, this far apart in digit heights.
    kind : {"usual", "broken", "sloppy"}
        Which forms of ``forms.csv``.

    Returns
    -------
    PIL.Image.Image
    """
    shape, pen, height = size[::-1], PENS[pen], height * rng.uniform(0.85, 1.1)
    strokes, _ = placed(label, shape, height * size[1], at, rng, kind)
    if jerk:
        strokes = [resample(s, jerk * height * size[1]) for s in strokes]
    cover = ink(strokes, shape, pen, height * size[1], rng)
    if crisp:
        cover = (cover > 0.45).astype(np.float32)
    cover = np.clip(cover / pen.cover, 0, 1)[..., None]
    ink_color = np.array(pen.color if color is None else color)
    if mode in ("LA", "RGBA"):
        flat = np.broadcast_to(ink_color, (*shape, 3))[..., : 3 if mode == "RGBA" else 1]
        return Image.fromarray(to_bytes(np.concatenate([flat, cover], -1)))
    image = cover * ink_color + (1 - cover) * np.array(background)
    if mode == "I;16":
        return Image.fromarray((image[..., 0] * 65535).round().astype(np.uint16))
    image = Image.fromarray(to_bytes(image))
    if mode == "P":
        return image.quantize(16, dither=Image.Dither.NONE)
    return image.convert(mode, dither=Image.Dither.NONE)


# fmt: off
def photo(label, rng, *, size=(640, 640), pen="felt", paper=(0.86, 0.86, 0.85), lines=None,
          ghost=0.0, specks=0, cloud=0.008, desk=None, loose=False, light=(), height=0.45,
          at=(0.5, 0.5), wander=0.04, tilt=0.03, blur=0.9, grit=0.009):
    # fmt: on
    """Draw digits on paper and photograph or scan them.

    Parameters
    ----------
    label, rng, size, pen, height, at
        As for `painting`; size and height vary a little.
    paper : tuple of float
        Red, green and blue, 0 to 1.
    lines : {None, "ruled", "grid"}
        Printed lines.
    ghost : float
        How strongly writing on the back shines through.
    specks : int
        How many specks and stray strokes.
    cloud : float
        How cloudy the background is, as on a wiped blackboard.
    desk : tuple of float, optional
        Red, green and blue of the desk, when edges of the sheet are in sight.
    loose : bool
        Whether the whole sheet is in sight, small on the desk.
    light : list of str
        Keys of ``LIGHTS``.
    wander : float
        How far the digits may stray from ``at``, as a standard deviation.
    tilt : float
        How far the camera is rotated, in radians, as a standard deviation.
    blur, grit : float
        Of the camera: blur in pixels, noise as a standard deviation.

    Returns
    -------
    PIL.Image.Image
    """
    if max(size) < 2000:  # pictures are cropped by hand; a camera's own size stays
        size = tuple(int(n * rng.uniform(0.85, 1.1)) for n in size)
    shape, pen, tall = size[::-1], PENS[pen], height * size[1] * rng.uniform(0.8, 1.15)
    strokes, baseline = placed(label, shape, tall, rng.normal(at, wander), rng)
    paper = np.array(paper) * rng.normal(1, 0.02, 3) * rng.uniform(0.9, 1.03)
    image = np.ones((*shape, 3), np.float32) * paper.astype(np.float32)
    image *= 1 + (0.006 * noise(shape, 1.2, rng) + cloud * noise(shape, 60, rng))[..., None]
    if lines:
        image *= rule(shape, baseline, tall * rng.uniform(0.5, 0.55), lines, rng)
    if ghost:  # writing on the back of the sheet shines through
        back, _ = placed("58-203", shape, tall * 0.8, rng.uniform(0.35, 0.65, 2), rng)
        shine = gaussian_filter(ink(back, shape, PENS["felt"], tall, rng)[:, ::-1], 2.5)
        image *= 1 - ghost * shine[..., None]
    cover = ink(strokes, shape, pen, tall, rng)[..., None]
    for _ in range(specks):
        spot = rng.uniform(0.05, 0.95, 2) + rng.normal(0, 0.006, (4, 2)).cumsum(0)
        point = replace(pen, width=rng.uniform(0.1, 0.4) * pen.width)
        cover = np.maximum(cover, ink([spot * size], shape, point, tall, rng)[..., None])
    image = image * (1 - cover) + cover * np.array(pen.color)
    if desk:
        page = (loose_sheet if loose else edges)(shape, rng)[..., None]
        wood = np.array(desk) * (1 + 0.08 * noise((shape[0], 8), 3, rng).mean(1)[:, None, None])
        image = image * page + (1 - page) * wood
    image = tilted(image, tilt, rng)
    for name in light:
        image = image * LIGHTS[name](shape, rng)
    image = gaussian_filter(image, (blur, blur, 0))
    image += grit * noise(shape, 0.7, rng)[..., None]
    image += 0.5 * grit * np.stack([noise(shape, 1.5, rng) for _ in range(3)], -1)
    return Image.fromarray(to_bytes(image))


def to_bytes(image):
    """Return ``image``, 0 to 1, as uint8."""
    return (np.clip(image, 0, 1) * 255).round().astype(np.uint8)


def rule(shape, baseline, space, lines, rng):
    """Return printed lines as factors, shape (h, w, 3); squares are ``space`` wide."""
    ruled = lines == "ruled"
    space, color = (space * 1.9, (0.62, 0.74, 0.88)) if ruled else (space, (0.72, 0.78, 0.8))
    y, x = np.indices(shape, np.float32)
    away = np.abs((y - baseline + space / 2) % space - space / 2)
    if not ruled:
        away = np.minimum(away, np.abs((x - rng.uniform(0, space)) % space - space / 2))
    on = np.clip(max(1.0, space * 0.022) / 2 - away + 0.5, 0, 1)[..., None]
    return 1 - on * (1 - np.array(color))


def edges(shape, rng):
    """Return where the sheet lies, 1 on it and 0 on the desk; two to four edges are in sight."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    sides = rng.permutation([x, 1 - x, y, 1 - y])[: rng.integers(2, 5)]
    page = np.ones(shape, np.float32)
    for side in sides:
        slant = rng.normal(0, 0.03) * (x - y)
        page *= np.clip((side - rng.uniform(0.06, 0.14) + slant) * max(shape) / 2 + 0.5, 0, 1)
    return page


def loose_sheet(shape, rng):
    """Return where a sheet lies that is about half as wide and high as the picture, a bit askew."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    page = np.ones(shape, np.float32)
    for side, along in ((x, y), (1 - x, y), (y, x), (1 - y, x)):
        edge = rng.uniform(0.15, 0.25) + rng.normal(0, 0.06) * (along - 0.5)
        page *= np.clip((side - edge) * max(shape) / 2 + 0.5, 0, 1)
    return page


def tilted(image, amount, rng):
    """Return ``image`` rotated a little, enlarged so that no corner is empty."""
    if not amount:
        return image
    angle, middle = rng.normal(0, amount), np.array(image.shape[1::-1]) / 2
    turn = AffineTransform(rotation=angle, scale=1 / (1 + 2 * abs(angle)))
    there, back = AffineTransform(translation=-middle), AffineTransform(translation=middle)
    return warp(image, there + turn + back, mode="edge").astype(np.float32)


def shadow(shape, rng):
    """Return the soft shadow of a hand or a phone that falls across the picture."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    side = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.05 * noise(shape, 150, rng)
    dark = 1 / (1 + np.exp(-(side - rng.uniform(-0.15, 0.15)) / rng.uniform(0.015, 0.06)))
    return 1 - rng.uniform(0.35, 0.5) * dark[..., None] * np.array([1, 0.97, 0.9])


def vignette(shape, rng):
    """Return light that falls off toward the corners."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    away = (x - rng.normal(0, 0.4)) ** 2 + (y - rng.normal(0, 0.4)) ** 2
    return 1 / (1 + rng.uniform(0.2, 0.5) * away[..., None] * np.array([1, 1, 1.05]))


def lamp(shape, rng):
    """Return the warm light of a lamp at one side."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    away = np.hypot(x - rng.choice([-0.1, 1.1]), y - rng.uniform(-0.2, 0.4))
    return (1.12 / (1 + 0.75 * away**2))[..., None] * np.array([1, 0.9, 0.7])


def dim(shape, rng):
    """Return the even, poor light of a room in the evening."""
    return np.full((1, 1, 3), rng.uniform(0.6, 0.75)) * np.array([0.98, 0.98, 1.0])


LIGHTS = {"shadow": shadow, "vignette": vignette, "lamp": lamp, "dim": dim}
