"""From digits to pen strokes: `Hand` turns the points of ``forms.csv`` into one person's paths."""

import csv
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.ndimage import gaussian_filter1d

# Points x,y of the strokes in hundredths of the digit's height, y downwards: a smooth curve runs
# through them; "!" marks a corner, ";" lifts the pen. Kinds: usual; broken (a bar that stays
# apart, a pen that skips); sloppy (hurried, close to another digit). Two kinds are for training
# the reference models, and no sample picture is drawn from them: rare (unlike MNIST) and regional
# (usual where people learn other shapes). Each has its own strokes, of a crossed 7 too.
FORMS = defaultdict(list)
with open(Path(__file__).with_name("forms.csv"), newline="", encoding="utf-8") as file:
    for row in csv.DictReader(file):
        FORMS[row["kind"], row["digit"]].append(row["strokes"].split(";"))


class Hand:
    """How one person writes ``kind`` forms; every trait is drawn once from ``rng``."""

    def __init__(self, rng, kind="usual"):
        self.rng, self.kind, self.hurry = rng, kind, 1.8 if kind == "sloppy" else 1.0
        self.slant, self.turn = rng.normal(0.1, 0.13), rng.normal(0, 0.05)
        self.breadth = rng.uniform(0.8, 1.25)
        self.bow = rng.normal(0, 0.03, 2)  # how far the middle lies aside (x) and down (y)
        self.jitter = self.hurry * rng.uniform(0.008, 0.024)  # of each point, in digit heights
        self.tremor = rng.uniform(0.001, 0.004)
        self.haste = self.hurry * rng.uniform(0.008, 0.025)  # how far corners are rounded
        self.habit = rng.random(10)  # which form of each digit

    def write(self, digit):
        """Return the strokes of one digit: arrays of points (x, y), the digit about 1 high."""
        choice = FORMS[self.kind, digit]
        form = choice[int(self.habit[int(digit)] * len(choice))]
        skew = np.array([[self.breadth, self.turn], [-self.slant, 1]])
        skew += self.rng.normal(0, 0.025 * self.hurry, (2, 2))
        bow = self.bow + self.rng.normal(0, 0.015 * self.hurry, 2)
        strokes = [self.stroke(marks.split()) for marks in form]
        return [(s + bow * np.sin(np.pi * s[:, 1:])) @ skew for s in strokes]

    def stroke(self, marks):
        """Return the path of one stroke, a point about every 0.005 digit heights."""
        points = np.array([mark.rstrip("!").split(",") for mark in marks], float) / 100
        points += self.rng.normal(0, self.jitter, points.shape)
        corners = [i for i, mark in enumerate(marks) if mark.endswith("!")]
        ends = [0, *corners, len(marks) - 1]
        path = np.concatenate([curve(points[a : b + 1]) for a, b in pairwise(ends)])
        shake = gaussian_filter1d(self.rng.normal(0, 1, path.shape), 9, axis=0) * 5
        pad = min(30, len(path) - 1)
        path += self.tremor * shake
        path = np.pad(path, ((pad, pad), (0, 0)), "reflect", reflect_type="odd")  # keeps the ends
        return gaussian_filter1d(path, self.haste / 0.005, axis=0)[pad:-pad]

    def lines(self, rows):
        """Return the strokes of rows of digits, digits 1 high, the last baseline at y = 1."""
        strokes = []
        for down, row in enumerate(rows):
            x, y = self.rng.normal(0, 0.1), 1.55 * (down + 1 - len(rows))
            for digit in row:
                size = self.rng.normal(1, 0.04)
                glyph = [stroke * size for stroke in self.write(digit)]
                left, right = (f([f(s[:, 0]) for s in glyph]) for f in (np.min, np.max))
                bottom = max(s[:, 1].max() for s in glyph)
                rise = self.rng.normal(0, 0.025 if len(row) > 1 else 0)
                strokes += [s + np.array([x - left, y + 1 - bottom + rise]) for s in glyph]
                x += right - left + self.rng.uniform(0.25, 0.42)
        return strokes


def curve(points):
    """Return a smooth curve through ``points``, sampled evenly."""
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    t = np.concatenate([[0], np.cumsum(np.sqrt(chords))])
    degree = min(3, len(points) - 1)
    spline = make_interp_spline(t, points, degree, bc_type="natural" if degree == 3 else None)
    return resample(spline(np.linspace(0, t[-1], 40 * len(points))), 0.005)


def resample(path, step):
    """Return ``path`` with a point every ``step`` along it."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0, along[-1], max(8, int(along[-1] / step)))
    return np.stack([np.interp(at, along, axis) for axis in path.T], 1)
