"""What a figure says and shows, in words and numbers, for the comparison of two runs.

Two pictures of a training are never quite the same, and looking at pixels alone nobody can tell a
curve that moved from a wrong one, or a `7` from a `1`. ``digits_helpers.show`` stores these lists
in the metadata of the output, beside the alternative text; no reader of the page sees them.
"""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import Collection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

POINTS = 24  # of a curve, that many are noted
TONES = 10  # an image is noted as at most so many rows and columns of mean tones


def words(figure):
    """List all that is written in a figure that has been drawn: titles, labels, ticks, legends.

    Returns
    -------
    list of str
        A line for each, with what it is: ``"title: Most is learned in the first epoch"``.
    """
    lines = [f"heading: {text.get_text()}" for text in _visible(figure.texts)]  # and the like
    lines += [f"legend: {_entries(legend)}" for legend in figure.legends]
    for ax in figure.axes:
        titles = [ax.get_title(location) for location in ("left", "center", "right")]
        lines += [f"title: {title}" for title in titles if title]
        if ax.axison:
            for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
                ticks = [text.get_text() for text in _visible(axis.get_ticklabels())]
                lines += [f"{name}: {axis.get_label_text()}"] if axis.get_label_text() else []
                lines += [f"{name} ticks: {' '.join(ticks)}"] if ticks else []
        if legend := ax.get_legend():
            lines.append(f"legend: {_entries(legend)}")
        if texts := _visible(ax.texts):
            lines.append(f"text: {' | '.join(text.get_text() for text in texts)}")
    return lines


def shapes(figure):
    """List all that is drawn in a figure that has been drawn, and where.

    Returns
    -------
    list of str
        A line for each set of Axes and for all that it holds: before the colon what it is, with
        colors and line styles; behind it positions in pixels, right and up from the lower left
        corner, or tones in per cent of a color scale: ``"line #0072b2 - o: 83 35, 120 220"``.
    """
    lines = []
    for ax in figure.axes:
        lines.append(f"axes: {_numbers(ax.bbox.get_points())}")
        for artist in ax.get_children():
            if not artist.get_visible() or artist in (ax.patch, *ax.spines.values()):
                continue
            if isinstance(artist, ScalarMappable) and np.ndim(artist.get_array()) > 1:
                lines.append(_tones(artist))
            elif isinstance(artist, Line2D):
                style = f"{artist.get_linestyle()} {artist.get_marker()}"
                points = artist.get_transform().transform(artist.get_xydata())
                lines.append(f"line {to_hex(artist.get_color())} {style}: {_numbers(points)}")
            elif isinstance(artist, Collection) and artist.get_paths():
                lines.append(_collection(artist))
            elif isinstance(artist, Patch):
                points = artist.get_window_extent().get_points()
                face = to_hex(artist.get_facecolor()) if artist.get_fill() else "empty"
                kind = f"{type(artist).__name__} {face} {to_hex(artist.get_edgecolor())}"
                lines.append(f"{kind}: {_numbers(points)}")
    return lines


def _visible(texts):
    return [text for text in texts if text.get_visible() and text.get_text()]


def _entries(legend):
    return ", ".join(text.get_text() for text in _visible([legend.get_title(), *legend.texts]))


def _numbers(points):
    """Write points as whole pixels, all or, of a long curve, some at equal distances."""
    points = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan)
    if len(points) > POINTS:
        points = points[np.linspace(0, len(points) - 1, POINTS).round().astype(int)]
    return ", ".join(f"{x:.0f} {y:.0f}" for x, y in points)


def _collection(artist):
    """Describe dots (their positions) or lines and areas (all their corners)."""
    if isinstance(artist, PathCollection):
        points = artist.get_offset_transform().transform(artist.get_offsets())
    else:
        corners = np.concatenate([path.vertices for path in artist.get_paths()])
        points = artist.get_transform().transform(corners)
    painted = [*artist.get_facecolor(), *artist.get_edgecolor()]
    colors = " ".join(dict.fromkeys(map(to_hex, painted)))
    return f"{type(artist).__name__} {len(points)} {colors}: {_numbers(points)}"


def _tones(artist):
    """Describe an image or a heatmap: its colors, and its tones in the large."""
    values = np.ma.filled(np.ma.asarray(artist.get_array(), dtype=float), np.nan)
    kind = f"{type(artist).__name__} {' x '.join(map(str, values.shape))}"
    if values.ndim == 3:  # a photograph
        tones = values[..., :3].mean(axis=2) / (255 if values.max() > 1 else 1)
    else:
        kind += f" {artist.get_cmap().name}"
        tones = np.ma.filled(artist.norm(values), np.nan)
    rows = [
        [100 * block.mean() for block in np.array_split(row, min(TONES, row.shape[1]), axis=1)]
        for row in np.array_split(tones, min(TONES, len(tones)))
    ]
    return f"{kind}: {', '.join(' '.join(f'{tone:.0f}' for tone in row) for row in rows)}"
