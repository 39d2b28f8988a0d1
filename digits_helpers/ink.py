"""Separate ink from paper: `find_ink` and its steps, on grey pictures of any kind.

`raise_ink` decides whether the ink is darker or lighter than its ground, `flatten_light` takes
away paper and light, `remove_lines` ruled and squared lines, `cut_threshold` noise.

The first two try several grounds and weigh what stands out of each, on a thumbnail: ink has a
sharp edge all round and is made of strokes; shade has no sharp edge, the edge of a shadow or of
the page is sharp on one side only, and desks and frames run into the border.
"""

import math

import cv2
import numpy as np
from digits_helpers.surroundings import rim

BLANK = "no digit found: expected ink that differs from its ground, but the picture is blank"

OPENINGS = ((0.3, False), (0.3, True), (0.15, True), (0.08, True))
"""Widths of openings to try as ground, as shares of the shorter side, and whether the picture goes
on beyond its border: where it does not, strokes along the border of a tight crop are kept."""

THUMBNAIL = 180
"""Longer side of the picture on which grounds are tried."""

FAINTEST = 1.0
"""Evidence below which a picture is blank: light and noise give less, digits 1 to 500."""

FAINTEST_ON_LINES = 5.0
"""The same where lines were removed: what is left of them gives up to 1, digits 60 and more."""


def find_ink(grey):
    """Separate the ink from everything behind it.

    Parameters
    ----------
    grey : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1], ink bright on 0.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    return cut_threshold(remove_lines(flatten_light(raise_ink(grey))))


def raise_ink(grey):
    """Make the ink bright, whether it was darker or lighter than its ground.

    Both are tried, and that is taken in which more looks like strokes: their thickness is small
    beside their length, that of a page on a dark desk or of the inside of a 0 is not.

    Parameters
    ----------
    grey : numpy.ndarray
        float32 (h, w) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1]: `grey` itself or ``1 - grey``.
    """
    small = _thumbnail(grey)
    tried = [_try_grounds(raised, OPENINGS[1:3]) for raised in (small, 1 - small)]
    totals = _totals([p.evidence * p.slimness for grounds in tried for _, p in grounds])
    light, dark = np.split(totals, 2)
    return grey if light.max() > dark.max() else 1 - grey


def flatten_light(raised):
    """Subtract the paper and the light on it, and what does not stand out all round.

    Tried as ground are the level of the paper and morphological openings: an opening removes
    what is narrower than its square and keeps straight edges, so the edge of a shadow or of the
    page leaves no trace. What is left above an opening is known as the white top-hat. Too narrow
    an opening breaks strokes, so the widest is taken that does nearly as well as the best.

    Parameters
    ----------
    raised : numpy.ndarray
        float32 (h, w) in [0, 1], ink bright.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [-1, 1]: noise about 0 on the ground; 1 is the strongest ink.

    Raises
    ------
    ValueError
        If nothing stands out: the picture is blank.
    """
    small = _thumbnail(raised)
    tried = _try_grounds(small)
    totals = _totals([parts.evidence for _, parts in tried])
    ground, parts = tried[np.argmax(totals >= 0.95 * max(totals))]  # the first
    best = np.argmax(parts.evidence)
    if parts.evidence[best] < FAINTEST * max(small.shape) / THUMBNAIL:
        raise ValueError(BLANK)
    drop = (parts.stands_out < 0.7 * parts.stands_out[best]) | (
        parts.evidence < 0.01 * parts.evidence[best]
    )
    drop[0] = False
    drop = drop[parts.labels]
    if small.shape != raised.shape:  # follow edges as sharply as the picture itself
        size = raised.shape[::-1]
        ground = cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR)
        ground = _grow(ground, math.ceil(max(raised.shape) / THUMBNAIL))
        drop = cv2.resize(drop.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    ground = np.minimum(raised, ground)
    flat = (raised - ground) / np.maximum(1 - ground, 0.1)
    return np.where(drop, 0, flat - np.percentile(flat, 25)).astype(np.float32)


class _Parts:
    """The connected parts of what rises above a ground; 0 is the ground itself.

    Attributes
    ----------
    labels : numpy.ndarray
        int (h, w).
    stands_out : numpy.ndarray
        Of each part: the share of the pixels around it that are clearly below it.
    evidence : numpy.ndarray
        Of each part: contrast times outline; little for what does not stand out, runs into the
        border, or lies far from the middle.
    slimness : numpy.ndarray
        Of each part: 1 for strokes, 0 for what is half as thick as it is long.
    """

    def __init__(self, raised, ground, noise):
        rise = raised - ground
        mask = rise > max(4.5 * noise, 0.015)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
        level = _mean_level(labels, rise, count)
        core = np.where(rise > 0.5 * level[labels], labels, 0)
        left, top, wide, high = boxes[:, :4].T

        reach = max(2, max(raised.shape) // 48)  # a blurred edge is as wide as that
        near = _grow(core > 0, reach - 1)
        around = _grow(core, reach)
        ring = (around > 0) & (near == 0)
        owner = around[ring].astype(int)
        drop = _grow(np.where(core > 0, raised, -1), reach)[ring] - raised[ring]
        outline = np.maximum(np.bincount(owner, minlength=count), 1)
        steep = drop > 0.5 * level[owner]

        contact = np.bincount(rim(core), minlength=count) / (wide + high)
        middle = np.array([top + high / 2, left + wide / 2]) / np.array(raised.shape)[:, None]
        self.labels = labels
        self.stands_out = np.bincount(owner, steep, minlength=count) / outline
        self.evidence = level * outline * self.stands_out**3
        self.evidence *= np.clip(1 - contact, 0, 1) ** 2
        self.evidence *= np.exp(-2 * ((middle - 0.5) ** 2).sum(axis=0))
        self.evidence[0] = 0

        inside = core > 0
        padded = cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
        thickness = np.zeros(count)
        np.maximum.at(thickness, core[inside], 2 * depth[inside] - 1)
        share = thickness / np.maximum(wide, high)
        self.slimness = np.maximum(np.exp(-((share / 0.33) ** 8)), 0.003)


def _try_grounds(raised, openings=OPENINGS):
    """Return pairs of a ground and the parts that rise above it."""
    values = np.rint(raised * 255).astype(np.uint8)
    limit, _ = cv2.threshold(values, 0, 255, cv2.THRESH_OTSU)
    grounds = [np.full_like(raised, np.median(raised[values <= max(limit, values.min())]))]
    grounds += [_open(raised, *how) for how in openings]
    noise = _noise(raised)
    return [(ground, _Parts(raised, ground, noise)) for ground in grounds]


def _open(raised, share, goes_on):
    """Return the morphological opening by a square."""
    side = max(7, int(share * min(raised.shape))) | 1
    pad = side if goes_on else 0
    padded = cv2.copyMakeBorder(raised, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(
        padded,
        cv2.MORPH_OPEN,
        np.ones((side, side), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=float(raised.min()),
    )
    return opened[pad : pad + raised.shape[0], pad : pad + raised.shape[1]]


def _totals(evidence):
    """Add up the evidence of each ground's parts, without what is small fry beside the best."""
    least = 0.1 * max(parts.max() for parts in evidence)
    return np.array([parts[parts > least].sum() for parts in evidence])


def _mean_level(labels, values, count):
    """Return each part's mean value, weighted by the value."""
    inside = labels > 0
    labels, values = labels[inside], values[inside]
    total = np.bincount(labels, values, minlength=count)
    return np.bincount(labels, values**2, minlength=count) / np.maximum(total, 1e-9)


def _grow(values, reach):
    """Return the largest value within `reach` pixels, in a square."""
    return cv2.dilate(values.astype(np.float32), np.ones([2 * reach + 1] * 2, np.uint8))


def _noise(values):
    """Estimate the standard deviation of the noise from the quietest places."""
    grain = np.abs(values - cv2.blur(values, (5, 5)))
    noise = np.percentile(grain, 20) / 0.22  # white noise less its 5 x 5 mean
    if min(values.shape) < 64:  # no place is quiet on a small picture
        noise = min(noise, 0.06 * np.ptp(values))
    return noise


def _thumbnail(values):
    shape = np.array(values.shape)
    shape = np.maximum(np.rint(shape * min(1, THUMBNAIL / shape.max())), 1).astype(int)
    values = np.ascontiguousarray(values, np.float32)
    return cv2.resize(values, shape[::-1].tolist(), interpolation=cv2.INTER_AREA)


def remove_lines(flat):
    """Remove ruled and squared lines, which run through the whole picture.

    Parameters
    ----------
    flat : numpy.ndarray
        float32 (h, w), ink above 0.

    Returns
    -------
    numpy.ndarray
        float32 (h, w): without the lines, save where a stroke crosses them.

    Raises
    ------
    ValueError
        If there is nothing but lines.
    """
    if min(flat.shape) < 40:
        return flat
    rows = _remove_rows(np.ascontiguousarray(flat))
    lineless = _remove_rows(np.ascontiguousarray(rows.T)).T
    if not np.array_equal(flat, lineless):
        small = _thumbnail(lineless.clip(0))
        parts = _Parts(small, np.zeros_like(small), _noise(small))
        if parts.evidence.max() < FAINTEST_ON_LINES * max(small.shape) / THUMBNAIL:
            raise ValueError(BLANK)
    return lineless


def _remove_rows(flat):
    """Remove thin straight lines from the left border to the right one, tilted by up to 6.9°."""
    width = flat.shape[1]
    thick = max(3, max(flat.shape) // 80)
    highest = cv2.dilate(flat, np.ones((2 * thick + 1, 1), np.uint8))
    mask = (flat > max(3 * _noise(flat), 0.015)) & (flat > 0.5 * highest)
    column = np.ones((thick + 1, 1), np.uint8)
    tall = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, column) > 0
    thin = mask & ~tall
    upright = math.pi / 2
    found = cv2.HoughLines(
        thin.astype(np.uint8),
        rho=1,
        theta=1 / width,
        threshold=width // 2,
        min_theta=upright - 0.12,
        max_theta=upright + 0.12,
    )
    bands = np.zeros(flat.shape, np.uint8)
    for rho, theta in () if found is None else found.reshape(-1, 2):
        left, right = (round((rho - x * math.cos(theta)) / math.sin(theta)) for x in (0, width))
        cv2.line(bands, (0, left), (width, right), 1, 3)
    count, labels = cv2.connectedComponents(bands)
    lines = [
        (band, band & thin)
        for band in (labels == index for index in range(1, count))
        if _runs_through((band & thin).any(axis=0))
    ]
    if len(lines) == 1 and _is_stroke(*lines[0], mask):
        return flat
    for band, line in lines:
        level = np.percentile(flat[line], 35)  # strokes that cross it are darker
        near = cv2.dilate(band.astype(np.uint8), np.ones((5, 1), np.uint8)) > 0
        stroke = (tall & (flat > 0.7 * level)) | (flat > 1.6 * level)
        flat = np.where(near & ~stroke, 0, flat)
    return flat


def _runs_through(covered):
    """Tell whether a line that covers these columns reaches from border to border."""
    eighth = len(covered) // 8
    return covered.mean() > 0.6 and min(covered[:eighth].mean(), covered[-eighth:].mean()) > 0.4


def _is_stroke(band, line, mask):
    """Tell whether a lone line is part of a digit cropped to its ink: the bar of a 7, a stem."""
    rest = mask & ~_grow(band, 2).astype(bool)
    tall, wide = (np.flatnonzero(m.any(axis=axis)) for m, axis in ((rest | line, 1), (rest, 0)))
    return len(wide) and np.ptp(tall) > 0.85 * mask.shape[0] and np.ptp(wide) > 0.25 * mask.shape[1]


def cut_threshold(flat):
    """Keep what stands out of the noise, and scale it to MNIST's contrast.

    Every part has its own threshold and its own contrast, so that a faint digit shows beside a
    dark desk; parts much fainter than the main one, such as writing that shines through, go.

    Parameters
    ----------
    flat : numpy.ndarray
        float32 (h, w) in [-1, 1], ink above 0.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1]: 0 on the ground, most of the ink near 1.

    Raises
    ------
    ValueError
        If nothing stands out: the picture is blank.
    """
    scale = math.sqrt(flat.size) / 700
    smooth = cv2.GaussianBlur(flat, (0, 0), scale) if scale > 0.3 else flat
    limit = min(max(4.5 * _noise(smooth), 0.02), 0.3 * smooth.max())
    count, labels = cv2.connectedComponents((smooth > limit).astype(np.uint8))
    while count > 80 and limit < 0.3 * smooth.max():  # grain
        limit *= 1.25
        count, labels = cv2.connectedComponents((smooth > limit).astype(np.uint8))
    if count == 1:
        raise ValueError(BLANK)
    level = _mean_level(labels, smooth, count)
    strength = np.bincount(labels.ravel(), smooth.ravel()) * level
    main = level[1 + np.argmax(strength[1:])]
    level[level < 0.45 * main] = np.inf
    level[0] = np.inf
    peak = level[labels]
    near = _grow(smooth > 0.4 * peak, max(1, round(2 * scale))) > 0
    peak = np.where(np.isinf(peak), main, peak)
    return np.where(near, np.clip(smooth / (1.1 * peak), 0, 1), 0).astype(np.float32)
