"""Compare what a notebook stores with what its code prints today: text, tables, figures, prose.

Every comparison takes what is stored first and what was computed second, and returns a sentence
that says what differs, or an empty one. ``regression.py`` calls them for each cell that pytest
runs; ``README.md`` beside this file states the rules and the reason for each threshold.
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from itertools import product, takewhile, zip_longest
from math import isfinite
from numbers import Real

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter, uniform_filter

# A number standing by itself: none in `conv2d`, no negative one in `128-64`, one in `1,234.5e-6`.
NUMBER = r"""(?:(?<![\w.)\]])[-+−])?(?<![\w.])
             (?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"""
TOKEN = rf"(?P<number>{NUMBER})(?P<duration>(?=[ ]m?s\b))?(?P<percent>(?=[ ]?%))?"
DURATION = re.compile(rf"{NUMBER}(?=[ ]m?s\b)", re.VERBOSE)
PICTURES = ("image/png", "image/jpeg")
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Tolerance:
    """How far the numbers and figures of a trained cell may be from the stored ones, and why.

    A number may differ by ``abs + rel * |stored|``, a percentage by ``points`` where these are
    given; what is drawn may move by ``pixels``.
    """

    why: str
    abs: float = 0.0
    rel: float = 0.0
    points: float | None = None
    sign: str = "same"
    pixels: int = 10

    @classmethod
    def of(cls, metadata: dict) -> "Tolerance | None":
        """Read the ``tolerance`` of a cell's metadata; None where there is none.

        Raises
        ------
        ValueError
            If it is not of the documented form.
        """
        if "tolerance" not in metadata:
            return None
        given = dict(metadata["tolerance"])
        sizes = [size for key, size in given.items() if key not in ("why", "sign")]
        if (
            not str(given.get("why", "")).strip()
            or not set(given) <= set(cls.__dataclass_fields__)
            or not all(isinstance(n, Real) and isfinite(n) and n >= 0 for n in sizes)
            or given.get("sign", "same") not in ("same", "free")
        ):
            raise ValueError(
                f"tolerance {given}: expected why and what is needed of abs, rel, points, pixels "
                '(numbers from 0) and "sign": "free"'
            )
        return cls(**given)

    def around(self, stored: float, percent: bool) -> float:
        """Return how far a number may be from the stored one."""
        if percent and self.points is not None:
            return self.points
        return self.abs + self.rel * abs(stored)

    def __str__(self) -> str:
        names = ("abs", "rel", "points", "pixels")
        return ", ".join(f"{key} {getattr(self, key):g}" for key in names if getattr(self, key))


def without_widgets(outputs: list) -> list:
    """Leave out views of widgets, which no stored notebook has; keep the pictures beside them.

    An interactive figure is an output with a picture of it; a progress bar has none and goes.
    """
    kept = []
    for output in outputs:
        data = output.get("data", {})
        if WIDGET not in data:
            kept.append(output)
        elif set(data) & set(PICTURES):
            output = output.copy()
            output["data"] = {mime: part for mime, part in data.items() if mime != WIDGET}
            kept.append(output)
    return kept


def value(number: str) -> float:
    """Read a number as people write it: ``−1,234.5``."""
    return float(number.replace(",", "").replace("−", "-"))


def _numbers_agree(stored: re.Match, computed: re.Match, tolerance: Tolerance | None) -> bool:
    before, now = stored["number"], computed["number"]
    if before == now:
        return True
    if stored["duration"] is not None and computed["duration"] is not None:
        return value(now) >= 0
    if tolerance is None or (before[0] == "+" and now[0].isdigit()):
        return False
    before, now = value(before), value(now)
    if before * now < 0 and tolerance.sign == "same":
        return False
    slack = 1e-9 * (1 + abs(before))  # 98.7 is within 0.3 of 98.4, whatever binary fractions say
    return abs(now - before) <= tolerance.around(before, stored["percent"] is not None) + slack


def _pieces(text: str, html: bool) -> list[tuple[int, str, re.Match | None]]:
    """Cut a text into words, each with its position and the number after it (the last has none)."""
    token = re.compile(rf"<[^>]*>|{TOKEN}" if html else TOKEN, re.VERBOSE)
    pieces, start = [], 0
    for match in token.finditer(text):
        if match["number"]:
            pieces.append((start, text[start : match.start()], match))
            start = match.end()
    return [*pieces, (start, text[start:], None)]


def _one_blank(words: str, position: int) -> str:
    """Make any run of blanks one, and none where a padded number may have lost its last."""
    words = re.sub(r"(?<=[\[({|]) $", "", re.sub(r"\s+", " ", words))
    return words.lstrip() if position == 0 else words


def _line(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[
        max(start, position - 150) : position + 150 if end < 0 else min(end, position + 150)
    ]


def compare_text(
    stored: str, computed: str, tolerance: Tolerance | None = None, html: bool = False
) -> str:
    """Compare the words exactly and each number within the tolerance.

    Parameters
    ----------
    stored, computed : str
        The two texts.
    tolerance : Tolerance, optional
        Without one numbers are compared as they are written, except durations (``12.3 s``,
        ``850 ms``), which measure the machine.
    html : bool
        Tags are then compared exactly, however many digits they hold.

    Returns
    -------
    str
        Empty, or the first lines that differ and why.
    """
    if stored == computed:
        return ""
    pairs = [_pieces(text, html) for text in (stored, computed)]
    # numbers of another length are padded differently: any blanks then are as good as one
    padded = tolerance or any(number and number["duration"] is not None for *_, number in pairs[0])
    for (at, words, number), (now_at, now_words, now_number) in zip(*pairs, strict=False):
        if padded:
            words, now_words = _one_blank(words, at), _one_blank(now_words, now_at)
        if words != now_words:
            reason = "the text differs"
            shared = takewhile(lambda pair: pair[0] == pair[1], zip(words, now_words, strict=False))
            length = len(list(shared))
            at, now_at = at + length, now_at + length
        elif not number and not now_number:
            return ""
        elif not number or not now_number:
            reason = f"{'an extra' if now_number else 'a missing'} number"
        elif not _numbers_agree(number, now_number, tolerance):
            reason = f"{now_number['number']} is not {number['number']}"
            at, now_at = number.start(), now_number.start()
        else:
            continue
        return f"{reason}\nexpected: {_line(stored, at)}\ngot:      {_line(computed, now_at)}"
    return ""


def compare_shapes(stored: list[str], computed: list[str], tolerance: Tolerance | None) -> str:
    """Compare what two figures draw, as ``digits_helpers.figure_description.shapes`` lists it.

    What stands before the colon must be the same. The places behind it (pixels; of images, tones
    in per cent) may differ by 1, in a trained figure by ``tolerance.pixels``.
    """
    limit = tolerance.pixels if tolerance else 1
    for before, now in zip_longest(stored, computed, fillvalue="nothing"):
        (kind, _, places), (now_kind, _, now_places) = (s.rpartition(": ") for s in (before, now))
        if kind != now_kind:
            reason = "the figure shows something else"
        else:
            at, now_at = (
                np.array(re.findall(r"[^, ]+", text), float) for text in (places, now_places)
            )  # none for a curve without points
            if at.shape == now_at.shape and np.allclose(at, now_at, 0, limit, equal_nan=True):
                continue
            reason = f"a place or a tone differs by more than {limit}"
        return f"{reason}\nexpected: {before[:300]}\ngot:      {now[:300]}"
    return ""


def open_picture(encoded: str) -> Image.Image:
    """Decode a picture of a notebook, transparent parts white as on a page."""
    picture = Image.open(BytesIO(b64decode(encoded))).convert("RGBA")
    page = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(page, picture).convert("RGB")


def compare_pictures(
    stored: Image.Image, computed: Image.Image, tolerance: Tolerance | None = None
) -> str:
    """Compare two RGB pictures as a reader would.

    Without a tolerance they must be the same but for the rounding of colors and of the edges of
    letters. With one, shapes may move by ``tolerance.pixels``, while letters stay where they are
    except for a few digits in a row.
    """
    height, width = (
        abs(a - b) for a, b in zip(stored.size[::-1], computed.size[::-1], strict=True)
    )
    if max(height, width) > (2 if tolerance else 0):
        return f"a picture of {computed.size} pixels is not one of {stored.size}"
    a, b = (np.asarray(picture, dtype=np.float32) / 255 for picture in (stored, computed))
    if not tolerance:
        return _pixels_differ(a, b)
    for pair in _overlays(a, b):
        if not (reason := _shapes_differ(*pair, tolerance.pixels)):
            break
    return reason


def _pixels_differ(a: np.ndarray, b: np.ndarray) -> str:
    for what, sigma, limit in (("a detail", 0.7, 0.15), ("a color", 2.0, 0.05)):
        difference = np.abs(gaussian_filter(a - b, (sigma, sigma, 0))).max(axis=2)
        if difference.max() > limit:
            return f"{what} of the figure differs{_where(difference)}"
    return ""


def _shapes_differ(a: np.ndarray, b: np.ndarray, pixels: int) -> str:
    missing = np.maximum(_unmatched_ink(a, b), _unmatched_ink(b, a))
    if missing.max() > 28:
        return f"lettering of the figure differs{_where(missing)}"
    a, b = (gaussian_filter(picture, (1, 1, 0)) for picture in (a, b))
    size = (2 * pixels + 1, 2 * pixels + 1, 1)
    moved = np.zeros(a.shape[:2])
    for one, other in ((a, b), (b, a)):
        outside = [one - maximum_filter(other, size), minimum_filter(other, size) - one]
        moved = np.maximum(moved, np.max(outside, axis=(0, 3)))
    return f"a shape of the figure differs{_where(moved)}" if moved.max() > 0.3 else ""


def _unmatched_ink(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count, in a window as large as a few words, the pixels of letters in `a` with none in `b`."""
    ink, other = ((x.max(axis=2) < 0.5) & (np.ptp(x, axis=2) < 0.15) for x in (a, b))
    window = (17, 81)
    unmatched = ink & ~maximum_filter(other, 3)
    return uniform_filter(unmatched.astype(float), window, mode="constant") * np.prod(window)


def _overlays(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Lay pictures of slightly different size upon one another in every way that they can lie."""
    rows, columns = (b.shape[axis] - a.shape[axis] for axis in (0, 1))
    for y, x in product(range(abs(rows) + 1), range(abs(columns) + 1)):
        pair = [a, b]
        for axis, excess, start in ((0, rows, y), (1, columns, x)):
            larger = int(excess > 0)
            keep = range(start, start + pair[larger].shape[axis] - abs(excess))
            pair[larger] = pair[larger].take(keep, axis=axis)
        yield pair[0], pair[1]


def _where(difference: np.ndarray) -> str:
    y, x = np.unravel_index(difference.argmax(), difference.shape)
    return f", most at {x} pixels from the left and {y} from the top"


def fingerprints(notebook: dict) -> list[str]:
    """Sum up each code cell of a notebook, in their order: ``"<id> <what ran> <what it showed>"``.

    A tolerance forgives a small change of a trained number, whatever its cause; these do not
    forgive that somebody changed the code or edited the outputs, and did not run the notebook.
    What runs is the code with the cell's tags and tolerance.
    """
    sums = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            run = [cell["source"], *(cell["metadata"].get(key) for key in ("tags", "tolerance"))]
            contents = [json.dumps(part, sort_keys=True) for part in (run, cell["outputs"])]
            hashes = [hashlib.sha256(content.encode()).hexdigest()[:12] for content in contents]
            sums.append(" ".join([cell.get("id", ""), *hashes]))
    return sums


def claims(prose: str, elsewhere: Collection[str] = ()) -> list[str]:
    """List the numbers of a Markdown cell that must stand in an output or in code, in their order.

    These are all that are written in digits, as ``["60,000", "98.4 %", "3"]``, but the times that
    a reader takes (``25 minutes``) and those which come from `elsewhere`. Formulas and code are
    read, links are not.
    """
    prose = re.sub(r"\]\([^)]*\)|<[^>]*>|\bhttps?:\S+", " ", prose)
    prose = (
        re.sub(r"(?<=\d)(\\,|\{,\})(?=\d{3})", ",", prose).replace("\\,", " ").replace("\\%", "%")
    )
    found = re.finditer(rf"({NUMBER})(?!\d|\s(?:minutes|seconds))(\s*%)?", prose, re.VERBOSE)
    results = [number[1].rstrip(".") + (" %" if number[2] else "") for number in found]
    return [number for number in results if number not in elsewhere]


def holds(cell: dict, claim: str) -> bool:
    """Whether a code cell, or what it shows, has a number that rounds to one of the prose.

    ``98.4 %`` is found as 98.43 and as 0.9843, ``0.3`` as -0.3 too: "it loses 0.3 points".
    """
    number = claim.removesuffix(" %").replace(",", "").replace("−", "-")
    unit = 10.0 ** Decimal(number).as_tuple().exponent
    texts = [re.sub(r"(?<=\d)_(?=\d)", "", cell["source"])]
    for output in cell["outputs"]:
        texts += [output.get("text", "")]
        texts += [data for mime, data in output.get("data", {}).items() if mime.startswith("text/")]
        texts += [data.get("alt", "") for data in output.get("metadata", {}).values()]
    for match in re.finditer(NUMBER, re.sub(r"</?[a-z][^>]*>", " ", "\n".join(texts)), re.VERBOSE):
        candidates = [value(match[0])]
        if claim.endswith("%") and "." in match[0]:
            candidates.append(100 * candidates[0])
        for candidate in candidates:
            difference = (
                candidate - float(number) if number[0] in "+-" else abs(candidate) - float(number)
            )
            if abs(difference) <= unit / 2 * (1 + 1e-6):
                return True
    return False
