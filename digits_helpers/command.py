"""Read pictures of handwritten digits from the command line: ``digits read PICTURE...``."""

import argparse
import json
import sys
import warnings
from pathlib import Path

FOUND, NOTHING_FOUND, UNUSABLE = 0, 1, 2


def main(arguments=None):
    """Run the command `digits`.

    Parameters
    ----------
    arguments : list of str, optional
        What follows ``digits`` on the command line; by default what the program was started with.

    Returns
    -------
    int
        The exit code: 0, 1 if no digit was found in one of the pictures, 2 if a file could not be
        used. Wrong arguments end the program with 2 (`SystemExit`), as argparse does it.
    """
    options = _parse(arguments)
    for stream in (sys.stdout, sys.stderr):  # a console may not have the letters of a file's name
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code, results = FOUND, []
    for path in options.pictures:
        picture_code, reading, message = _read(path)
        code = max(code, picture_code)
        if message:
            print(f"digits: {message}", file=sys.stderr)
        if options.json:
            results.append(_as_json(path, reading, message))
        elif reading is not None:
            print(f"{path}: " + str(reading).replace("\n", "\n  "), flush=True)
        if options.annotate and reading is not None:
            code = max(code, _annotate(path, reading, options.annotate))
    if options.json:
        print(json.dumps(results, indent=2, allow_nan=False))
    return code


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="digits", description="Read the handwritten digits in pictures."
    )
    commands = parser.add_subparsers(required=True, metavar="read")
    read = commands.add_parser(
        "read",
        help="print the digits in each picture",
        description="Print the digits in each picture, row by row, and what is doubtful.",
        epilog="Exit code: 0; 1 if there was no digit in one of the pictures; 2 if a file could "
        "not be used.",
    )
    read.add_argument("pictures", nargs="+", metavar="PICTURE", help="a PNG, JPEG, TIFF, ... file")
    read.add_argument(
        "--json", action="store_true", help="print labels, probabilities and boxes as JSON"
    )
    read.add_argument("--annotate", metavar="OUT.png", help="draw what was read into the picture")
    options = parser.parse_args(arguments)
    if options.annotate and len(options.pictures) > 1:
        read.error(f"--annotate draws one picture, got {len(options.pictures)}")
    if options.annotate and Path(options.annotate).suffix.lower() not in (".png", ".pdf", ".svg"):
        read.error(f"--annotate writes a .png file (or .pdf, .svg), got {options.annotate!r}")
    return options


def _read(path):
    """Return the exit code for a picture, its reading or None, and a message or ''."""
    from digits_helpers.pictures.opening import open_picture
    from digits_helpers.pictures.reading import read_digits

    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            reading = read_digits(path)
        except (OSError, ValueError) as error:
            try:
                open_picture(path)
            except (OSError, ValueError):
                return UNUSABLE, None, f"{error}"
            return NOTHING_FOUND, None, f"{path}: {error}"
    message = "; ".join(f"{note.message}" for note in notes)
    return FOUND if reading else NOTHING_FOUND, reading, message


def _as_json(path, reading, message):
    """Return what is printed of a picture as JSON, in numbers of Python."""
    result = {"picture": path, "digits": [], "left_out": []}
    if message:
        result["message"] = message
    if reading is None:
        return result
    for digit in reading:
        result["digits"].append(
            {
                "label": digit.label,
                "confidence": round(digit.confidence, 4),
                "doubtful": digit.doubtful,
                "doubt": digit.doubt,
                "row": digit.row,
                "box": list(digit.box),
                "probabilities": [round(float(p), 4) for p in digit.probabilities],
            }
        )
    result["left_out"] = [{"reason": it.reason, "box": list(it.box)} for it in reading.left_out]
    return result | {"rotation": reading.rotation, "note": reading.note}


def _annotate(path, reading, out):
    """Draw a picture with what was read into a file; return the exit code."""
    from digits_helpers.plotting import plot_detections
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plot_detections(path, reading, figure.subplots())
    try:
        figure.savefig(out, dpi=150)
    except OSError as error:
        print(f"digits: {out} could not be written: {error.strerror or error}", file=sys.stderr)
        return UNUSABLE
    return FOUND
