"""What `read_digits` returns: a `Reading` of `Digit`s, and what it `LeftOut`."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

DOUBTFUL = 0.9
"""A digit with less confidence than this is doubtful."""


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that `read_digits` found.

    Attributes
    ----------
    label : int
        The digit with the highest probability.
    probabilities : numpy.ndarray
        float32 (10,): the model's output.
    box : tuple of int
        Bounding box: left, top, right, bottom in pixels of the original picture, as it was given
        (before a rotation that `Reading.rotation` states).
    row : int
        The row that it stands in, from 0 at the top.
    doubt : str
        Why the digit is doubtful although the model is confident, in a few words; empty if not.
    """

    label: int
    probabilities: np.ndarray
    box: tuple[int, int, int, int]
    row: int = 0
    doubt: str = ""

    @property
    def confidence(self):
        """The highest probability, in [0, 1]."""
        return float(self.probabilities.max())

    @property
    def doubtful(self):
        """Whether a person should look at it: low confidence, or a `doubt`."""
        return bool(self.doubt) or self.confidence < DOUBTFUL


@dataclass(frozen=True)
class LeftOut:
    """Ink that `read_digits` saw and did not read as a digit.

    Attributes
    ----------
    box : tuple of int
        Bounding box: left, top, right, bottom in pixels of the original picture.
    reason : str
        What it seems to be, in a few words: "a line", "a drawn shape", "not like a digit", ...
    """

    box: tuple[int, int, int, int]
    reason: str


class Reading(list):
    """The digits of a picture in reading order, and what was left out.

    A list of `Digit`s: rows from the top, each from left to right. Printed, it is a summary.

    Attributes
    ----------
    left_out : list of LeftOut
        Ink that was seen and not read as a digit, without small specks.
    rotation : int
        By how many degrees the picture was rotated clockwise before reading: 0, 90, 180 or 270.
    note : str
        Anything else to know about the picture; empty if there is nothing.
    """

    def __init__(self, digits=(), left_out=(), rotation=0, note=""):
        super().__init__(digits)
        self.left_out = list(left_out)
        self.rotation = rotation
        self.note = note

    @property
    def rows(self):
        """The labels of each row, as a list of strings such as ``["407", "18"]``."""
        return [
            "".join(str(digit.label) for digit in row)
            for _, row in groupby(self, key=lambda digit: digit.row)
        ]

    def __repr__(self):
        """Return a summary: the rows, and what is doubtful or was left out."""
        lines = self.rows or ["no digit found"]
        if doubtful := [digit for digit in self if digit.doubtful]:
            lines.append(f"doubtful: {', '.join(map(_describe, doubtful))}")
        if self.left_out:
            seen = [f"{thing.reason} at {thing.box[0]}, {thing.box[1]}" for thing in self.left_out]
            lines.append(f"left out: {'; '.join(seen)}")
        if self.rotation:
            lines.append(f"the picture was rotated by {self.rotation} degrees before reading")
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)


def _describe(digit):
    """Return for example ``7 at 120, 40 (61 %)``."""
    why = digit.doubt or f"{digit.confidence:.0%}".replace("%", " %")
    return f"{digit.label} at {digit.box[0]}, {digit.box[1]} ({why})"
