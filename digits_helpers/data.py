"""MNIST from the file that comes with the project, checked byte for byte."""

import csv
import hashlib
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np

_PACKAGE = Path(__file__).resolve().parent
DATA = next(folder for folder in (_PACKAGE / "data", _PACKAGE.parent / "data") if folder.is_dir())
"""MNIST, the reference models and the sample pictures: the project's folder ``data/``, or the copy
within the package where only the wheel is installed."""

# SHA-256 of the four original files in IDX format, http://yann.lecun.com/exdb/mnist (unpacked)
_SHAPES_AND_HASHES = {
    "x_train": (
        (60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "y_train": ((60000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "x_test": (
        (10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "y_test": ((10000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}
_FIX = (
    "get the file again: `git checkout data/mnist.npz` in the project's folder, "
    "or the mnist.npz that keras.datasets.mnist downloads"
)


def load_mnist(path=None):
    """Load the 60,000 training and 10,000 test digits of MNIST.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        An ``.npz`` file in the layout of Keras (arrays ``x_train``, ``y_train``, ``x_test``,
        ``y_test``). By default the file that comes with the project.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of numpy.ndarray of uint8
        Images of shape ``(60000, 28, 28)`` and ``(10000, 28, 28)``, 0 for background to 255 for
        full ink; labels 0-9 of shape ``(60000,)`` and ``(10000,)``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not exactly MNIST: truncated, altered, or other arrays.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86 (1998), 2278-2324.
    """
    path = DATA / "mnist.npz" if path is None else Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}: {_FIX}. If digits_helpers was installed without its "
            "project folder, install it with `pip install -e .` from there"
        )
    try:
        # opened here, because NumPy leaves a file open that it cannot read
        with path.open("rb") as opened:
            if not zipfile.is_zipfile(opened):  # NumPy would call it a pickle
                raise ValueError("it is no .npz file, or cut short")
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {
                    name: np.asarray(file[name]) for name in _SHAPES_AND_HASHES if name in file
                }
    except Exception as error:  # a dozen kinds, from zlib's to tokenize's
        raise ValueError(f"{path} cannot be read ({error}): {_FIX}") from error
    for name, (shape, sha256) in _SHAPES_AND_HASHES.items():
        if name not in arrays:
            raise ValueError(f"{path} holds no array {name!r}: {_FIX}")
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(
                f"{path}: expected {name} as uint8 of shape {shape}, "
                f"got {array.dtype} of shape {array.shape}: {_FIX}"
            )
        if _idx_sha256(array) != sha256:
            raise ValueError(f"{path}: the contents of {name} are not those of MNIST: {_FIX}")
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def load_split():
    """Load MNIST as notebook 01 prepares it: scaled, and split for training, choosing and testing.

    Returns
    -------
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) : tuples of numpy.ndarray
        Images as float32 in [0, 1] of shape ``(55000, 28, 28)``, ``(5000, 28, 28)`` and
        ``(10000, 28, 28)``; labels as uint8. Training and validation images are MNIST's 60,000
        training images, divided with the same fraction of every digit in both (seed 0).
    """
    from sklearn.model_selection import train_test_split  # takes a second to import

    (images, labels), (x_test, y_test) = load_mnist()
    x_train, x_valid, y_train, y_valid = train_test_split(
        images, labels, test_size=5000, stratify=labels, random_state=0
    )
    scale = np.float32(255)
    return (x_train / scale, y_train), (x_valid / scale, y_valid), (x_test / scale, y_test)


def load_other_writers():
    """Load digits of people who had no part in MNIST, placed as MNIST's are.

    The digits that come with scikit-learn, 8 x 8 pixels, enlarged: the test part of Alpaydin and
    Kaynak (1998), "Optical recognition of handwritten digits", UCI Machine Learning Repository,
    doi:10.24432/C50P49, collected in Istanbul from 13 people.

    Returns
    -------
    images, labels : numpy.ndarray
        float32 (1797, 28, 28) in [0, 1], ink bright on 0, and int64 (1797,).
    """
    import cv2
    from digits_helpers.pictures.normalization import center_by_mass, scale_to_box
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = np.float32(digits.images / 16)
    large = [cv2.resize(image, (80, 80), interpolation=cv2.INTER_CUBIC) for image in small]
    images = [center_by_mass(scale_to_box(image.clip(0, 1))) for image in large]
    return np.stack(images), digits.target


def load_sample_pictures():
    """Load the sample pictures of one digit each, as `load_digit_image` prepares them.

    They come with the project, in ``data/handwriting/``; a program drew them, in many styles.

    Returns
    -------
    images, labels : numpy.ndarray
        float32 (176, 28, 28) in [0, 1], ink bright on 0, and int64 (176,).
    """
    from digits_helpers.pictures.reading import load_digit_image

    folder = DATA / "handwriting"
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        samples = [row for row in csv.DictReader(file) if len(row["label"]) == 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that one looks like two: it is one digit
        images = [load_digit_image(folder / row["file"]) for row in samples]
    return np.stack(images), np.array([int(row["label"]) for row in samples])


def _idx_sha256(array):
    """SHA-256 of a uint8 array written in MNIST's IDX format: 0, 0, type 8, rank, sizes, bytes."""
    digest = hashlib.sha256(struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape))
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
