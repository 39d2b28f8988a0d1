"""Digits as folders of pictures, and the file that a Kaggle competition takes."""

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

_FORMATS = {
    ".bmp": "BMP",
    ".gif": "GIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
}  # what keras.utils.image_dataset_from_directory loads, by its extension
_LISTED = 20  # complaints in one message
_HEADER = ["ImageId", "Label"]


def write_image_folder(images, labels, folder):
    """Write images as PNG files, a sub-folder for each label.

    Parameters
    ----------
    images : array of shape (n, height, width)
        uint8, or float in [0, 1].
    labels : array of shape (n,)
        int; ``images[i]`` becomes the file ``<folder>/<label>/<i>.png``.
    folder : str or pathlib.Path
        Is made; must not exist, or be empty: old pictures among new ones are hard to see.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ValueError
        If images and labels do not fit together, or the folder holds something.
    """
    images, labels, folder = np.asarray(images), np.asarray(labels), Path(folder)
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise ValueError(
            "expected images of shape (n, height, width) and n labels, "
            f"got {images.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(f"expected integers as labels, got {labels.dtype}")
    if images.dtype != np.uint8:
        if images.dtype.kind != "f" or not (images.min() >= 0 and images.max() <= 1):
            raise ValueError(
                f"expected images as uint8, or as float in [0, 1], got {images.dtype} "
                f"from {images.min():g} to {images.max():g}"
            )
        images = np.rint(255 * images).astype(np.uint8)
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: delete it with shutil.rmtree, or name another")
    for label in np.unique(labels):
        (folder / f"{label}").mkdir(parents=True)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(image).save(folder / f"{label}" / f"{number:05d}.png")
    return folder


def check_image_folder(folder):
    """Read every file of a folder of pictures, before a training does.

    Parameters
    ----------
    folder : str or pathlib.Path
        With a sub-folder for each class, as ``keras.utils.image_dataset_from_directory`` takes it.
        As there, hidden folders are left out; so are hidden files that are named like no picture,
        which file managers leave behind.

    Returns
    -------
    pandas.DataFrame
        A row for each class, in the order of Keras' labels: its number of ``pictures``, its
        ``fraction`` of all in [0, 1], their ``sizes`` (width × height, smallest and largest area)
        and their ``modes`` of color, as Pillow names them (L is gray).

    Raises
    ------
    ValueError
        If there is no such folder, if it holds less than two classes, or a class no picture, or
        if a file is damaged, is named as another format than it is, stands outside of the
        classes, is of a kind that Keras leaves out without a word, or is a BMP, which TensorFlow
        does not read in gray. All is listed at once.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}, seen from {Path.cwd()}")
    classes = sorted(f.name for f in folder.iterdir() if f.is_dir() and f.name[0] != ".")
    complaints = [
        f"{file.name}: stands outside of the classes; move it into the sub-folder of its class"
        for file in _files(folder, deep=False)
    ]
    rows = []
    for name in classes:
        readable = []
        files = _files(folder / name)
        for file in files:
            try:
                readable.append(_read(file))
            except ValueError as error:
                complaints.append(f"{file.relative_to(folder).as_posix()}: {error}")
        if not files:
            complaints.append(f"{name}: no pictures; Keras would count it as a class")
        rows.append(_row(readable))
    if len(classes) < 2:
        found = f"only {classes[0]!r}" if classes else "none"
        if not classes:
            complaints = []  # one mistake, not one for each file
        complaints.append(
            f"expected a sub-folder for each of at least two classes, found {found}; "
            "give the folder above the classes"
        )
    if classes and not any(row["pictures"] for row in rows):
        complaints.insert(0, "no images in it that Keras loads (" + ", ".join(_FORMATS) + ")")
    if complaints:
        listed = [f"  {complaint}" for complaint in complaints[:_LISTED]]
        if len(complaints) > _LISTED:
            listed.append(f"  and {len(complaints) - _LISTED} more")
        count = f"{len(complaints)} problem{'s' * (len(complaints) > 1)}"
        raise ValueError("\n".join([f"{folder.as_posix()} has {count}:", *listed]))
    table = pd.DataFrame(rows, index=pd.Index(classes, name="class"))
    table.insert(1, "fraction", table["pictures"] / table["pictures"].sum())
    return table


def write_submission(labels, path):
    """Write predicted digits in the format of Kaggle's competition "Digit Recognizer".

    Parameters
    ----------
    labels : array of int, shape (n,)
        In the order of the rows of the test file, each 0-9.
    path : str or pathlib.Path
        The CSV file to write, with the columns ``ImageId`` (from 1) and ``Label``.

    Returns
    -------
    pathlib.Path
        The file.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"expected one integer for each image, got {labels.dtype} of shape "
            f"{labels.shape}: of probabilities take np.argmax(probabilities, axis=1)"
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() <= 9):
        raise ValueError(f"expected labels 0-9, got {labels.min()} to {labels.max()}")
    table = pd.DataFrame({"ImageId": np.arange(1, len(labels) + 1), "Label": labels})
    table.to_csv(path, index=False, lineterminator="\n")
    return Path(path)


def check_submission(path, rows=28000):
    """Check a submission as Kaggle will, without spending one of the day's attempts.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file.
    rows : int
        How many images the test file has.

    Returns
    -------
    pandas.DataFrame
        The submission, columns ``ImageId`` and ``Label``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If its header is not ``ImageId,Label``, an id is not one more than the last, a label is
        not an integer 0-9, or there are more or fewer rows. The message names the first line
        that is wrong.
    """
    with open(path, newline="", encoding="utf-8") as file:
        header, *body = list(csv.reader(file)) or [[]]
    if header != _HEADER:
        raise ValueError(f"{path}, line 1: expected ImageId,Label, found {','.join(header)!r}")
    for number, row in enumerate(body, start=1):
        line = f"{path}, line {number + 1}:"
        if len(row) != 2:
            raise ValueError(f"{line} expected two values, found {','.join(row)!r}")
        if row[0] != f"{number}":
            raise ValueError(f"{line} expected ImageId {number}, found {row[0]!r}")
        if row[1] not in list("0123456789"):
            raise ValueError(f"{line} expected as Label an integer 0-9, found {row[1]!r}")
    if len(body) != rows:
        raise ValueError(f"{path}: expected {rows} rows below the header, found {len(body)}")
    return pd.DataFrame(body, columns=_HEADER).astype(int)


def _files(folder, deep=True):
    """List the files that a user would call their own, in order."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(folders) if deep else []
        files = [Path(parent, name) for name in sorted(names)]
        found += [f for f in files if f.name[0] != "." or f.suffix.lower() in _FORMATS]
    return found


def _read(file):
    """Return size and mode of a picture, decoded to its last pixel."""
    expected = _FORMATS.get(file.suffix.lower())
    if expected is None:
        raise ValueError(
            f"Keras leaves out {file.suffix or 'a name without extension'} without a word; "
            "save it as .png, or remove it"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities that it reads well
            with Image.open(file) as image:
                found = image.format
                image.verify()  # sums of a PNG
            with Image.open(file) as image:
                image.load()
    except Exception as error:  # a damaged file can lead a decoder into any error at all
        raise ValueError("damaged, or not a picture; remove it, or save it again") from error
    if found != expected:
        right = next((end for end, name in _FORMATS.items() if name == found), ".png")
        raise ValueError(
            f"named {file.suffix}, but holds {found}; "
            + (f"rename it to {right}" if found in _FORMATS.values() else "save it as .png")
        )
    if found == "BMP":
        raise ValueError("TensorFlow reads BMP in color only, not in gray; save it as .png")
    return image.size, image.mode


def _row(pictures):
    """Sum up the pictures of a class."""
    sizes = sorted({size for size, _ in pictures}, key=lambda size: (size[0] * size[1], size))
    ends = [f"{width}×{height}" for width, height in (sizes[:1] + sizes[1:][-1:])]
    modes = ", ".join(sorted({mode for _, mode in pictures}))
    return {"pictures": len(pictures), "sizes": " to ".join(ends), "modes": modes}
