"""load_mnist and its fellows: the original digits, or an error that says what to do."""

import hashlib
import io
import pickle
import sys
import zipfile
from collections import Counter

import digits_helpers.data
import numpy as np
import pytest
from digits_helpers import DATA, load_mnist, load_other_writers, load_split
from scipy.ndimage import center_of_mass
from skimage.transform import resize
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedShuffleSplit

# Of the unpacked files of http://yann.lecun.com/exdb/mnist, as published with many copies of them
SHA256 = {
    "x_train": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "y_train": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "x_test": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "y_test": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
BUNDLED = DATA / "mnist.npz"


@pytest.fixture(scope="module")
def mnist():
    (x_train, y_train), (x_test, y_test) = load_mnist()
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


@pytest.fixture(scope="module")
def split():
    return load_split()


def idx_sha256(array):
    """SHA-256 of an array in the IDX format, as LeCun's page describes it."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return hashlib.sha256(b"\0\0\x08" + bytes([array.ndim]) + sizes + array.tobytes()).hexdigest()


def assert_refused(path, *words, kind=ValueError):
    """Expect a sentence that names the file and the way out."""
    with pytest.raises(kind) as error:
        load_mnist(path)
    for word in (str(path), "git checkout data/mnist.npz", *words):
        assert word in str(error.value)


def test_the_bundled_file_gives_60000_and_10000_images_of_28_by_28_bytes(mnist):
    assert {name: (array.shape, array.dtype) for name, array in mnist.items()} == {
        "x_train": ((60000, 28, 28), np.uint8),
        "y_train": ((60000,), np.uint8),
        "x_test": ((10000, 28, 28), np.uint8),
        "y_test": ((10000,), np.uint8),
    }


@pytest.mark.parametrize("name", SHA256)
def test_written_back_to_idx_the_digits_are_the_original_files(mnist, name):
    assert idx_sha256(mnist[name]) == SHA256[name]


def test_a_copy_elsewhere_loads_as_well_compressed_or_not_by_path_or_string(mnist, tmp_path):
    umlaut = "ü" if sys.getfilesystemencoding() == "utf-8" else "u"
    path = tmp_path / f"copy with {umlaut}mlaut.npz"
    np.savez(path, **mnist, more=np.arange(3))
    (x_train, y_train), (x_test, y_test) = load_mnist(str(path))
    for array, name in zip((x_train, y_train, x_test, y_test), SHA256, strict=True):
        np.testing.assert_array_equal(array, mnist[name])


def test_a_missing_file_is_named(tmp_path):
    assert_refused(tmp_path / "mnist.npz", kind=FileNotFoundError)


def test_a_folder_is_no_file(tmp_path):
    assert_refused(tmp_path, kind=FileNotFoundError)


def npy_file():
    file = io.BytesIO()
    np.save(file, np.arange(10, dtype=np.uint8))
    return file.getvalue()


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!DOCTYPE html><title>404 Not Found</title>", id="text"),
        pytest.param(b"PK\3\4", id="beginning of a zip file"),
        pytest.param(pickle.dumps({"x_train": 1}), id="pickle"),
        pytest.param(npy_file(), id="one array"),
    ],
)
def test_another_kind_of_file_is_refused_without_advice_to_load_it_all_the_same(tmp_path, contents):
    path = tmp_path / "mnist.npz"
    path.write_bytes(contents)
    assert_refused(path)
    with pytest.raises(ValueError, match=r"mnist\.npz") as error:
        load_mnist(path)
    assert "allow_pickle" not in str(error.value)


@pytest.mark.parametrize("fraction", [0.0001, 0.1, 0.5, 0.9, 0.999, 0.999999])
def test_a_truncated_file_is_refused(tmp_path, fraction):
    path = tmp_path / "mnist.npz"
    whole = BUNDLED.read_bytes()
    path.write_bytes(whole[: int(fraction * len(whole))])
    assert_refused(path)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.86, 0.9])
def test_a_file_with_a_hole_is_refused(tmp_path, fraction):
    contents = bytearray(BUNDLED.read_bytes())
    start = int(fraction * len(contents))
    contents[start : start + 4096] = bytes(4096)
    path = tmp_path / "mnist.npz"
    path.write_bytes(contents)
    assert_refused(path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_whichever_byte_is_damaged_the_digits_are_right_or_refused(save, tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    shapes = {"x_train": (5, 4, 4), "y_train": (5,), "x_test": (2, 4, 4), "y_test": (2,)}
    small = {name: random.integers(0, 256, shape, np.uint8) for name, shape in shapes.items()}
    known = {name: (array.shape, idx_sha256(array)) for name, array in small.items()}
    # 1 kB stands in for MNIST, so that every byte can have its turn
    monkeypatch.setattr(digits_helpers.data, "_SHAPES_AND_HASHES", known)
    path = tmp_path / "small.npz"
    save(path, **small)
    whole = path.read_bytes()
    refused = 0
    for position in range(len(whole)):
        for flip in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[position] ^= flip
            path.write_bytes(damaged)
            try:
                (x_train, y_train), (x_test, y_test) = load_mnist(path)
            except ValueError:
                refused += 1
            else:  # a date or the like
                for array, name in zip((x_train, y_train, x_test, y_test), small, strict=True):
                    np.testing.assert_array_equal(array, small[name])
    assert refused > len(whole)


def one_pixel(mnist):
    mnist["x_train"][59999, 27, 27] ^= 1


def one_test_pixel(mnist):
    mnist["x_test"][0, 14, 14] ^= 1


def one_label(mnist):
    mnist["y_train"][0] = 3


def one_test_label(mnist):
    mnist["y_test"][8] = 6  # it looks like one


def swapped(mnist):
    mnist["x_train"], mnist["x_test"] = mnist["x_test"], mnist["x_train"]
    mnist["y_train"], mnist["y_test"] = mnist["y_test"], mnist["y_train"]


def shuffled_labels(mnist):
    np.random.default_rng(0).shuffle(mnist["y_train"])


def turned(mnist):
    mnist["x_train"] = mnist["x_train"].transpose(0, 2, 1)


def flattened(mnist):
    mnist["x_test"] = mnist["x_test"].reshape(-1, 784)


def cut(mnist):
    mnist["x_train"], mnist["y_train"] = mnist["x_train"][:50000], mnist["y_train"][:50000]


def wide_labels(mnist):
    mnist["y_train"] = mnist["y_train"].astype(np.int64)


def scaled(mnist):
    mnist["x_test"] = mnist["x_test"] / np.float32(255)


def objects(mnist):
    mnist["y_test"] = mnist["y_test"].astype(object)


def without_labels(mnist):
    del mnist["y_train"]


def other_names(mnist):
    for name in list(mnist):
        mnist[name.replace("_", "")] = mnist.pop(name)


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (one_pixel, ["x_train"]),
        (one_test_pixel, ["x_test"]),
        (one_label, ["y_train"]),
        (one_test_label, ["y_test"]),
        (swapped, ["x_train", "(60000, 28, 28)", "(10000, 28, 28)"]),
        (shuffled_labels, ["y_train"]),
        (turned, ["x_train"]),
        (flattened, ["x_test", "(10000, 28, 28)", "(10000, 784)"]),
        (cut, ["x_train", "(60000, 28, 28)", "(50000, 28, 28)"]),
        (wide_labels, ["y_train", "uint8", "int64"]),
        (scaled, ["x_test", "uint8", "float32"]),
        (objects, []),
        (without_labels, ["'y_train'"]),
        (other_names, ["'x_train'"]),
    ],
    ids=lambda value: value.__name__.replace("_", " ") if callable(value) else "",
)
def test_other_contents_are_refused_and_named(mnist, tmp_path, alter, words):
    altered = {name: array.copy() for name, array in mnist.items()}
    alter(altered)
    path = tmp_path / "mnist.npz"
    np.savez(path, **altered)
    assert_refused(path, *words)


def test_members_that_are_no_arrays_are_refused(tmp_path):
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w") as file:
        for name in SHA256:
            file.writestr(f"{name}.npy", b"5041920")
    assert_refused(path, "x_train")


def test_the_split_is_55000_5000_and_10000_float32_images_from_0_to_1(split):
    for (x, y), n in zip(split, (55000, 5000, 10000), strict=True):
        assert (x.shape, x.dtype) == ((n, 28, 28), np.float32)
        assert (y.shape, y.dtype) == ((n,), np.uint8)
        assert (x.min(), x.max()) == (0, 1)


def test_the_split_is_the_one_of_scikit_learn_and_exactly_pixel_by_255(split, mnist):
    scaled_pixel = (np.arange(256) / 255).astype(np.float32)
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=5000, random_state=0)
    rows = next(splitter.split(mnist["x_train"], mnist["y_train"]))
    for (x, y), i in zip(split[:2], rows, strict=True):
        np.testing.assert_array_equal(x, scaled_pixel[mnist["x_train"][i]])
        np.testing.assert_array_equal(y, mnist["y_train"][i])
    np.testing.assert_array_equal(split[2][0], scaled_pixel[mnist["x_test"]])
    np.testing.assert_array_equal(split[2][1], mnist["y_test"])


def test_training_and_validation_images_together_are_the_training_set_each_once(split, mnist):
    def digits(x, y):
        return [image.tobytes() + label.tobytes() for image, label in zip(x, y, strict=True)]

    parts = [digits(np.rint(255 * x).astype(np.uint8), y) for x, y in split[:2]]
    # a name for it: pytest would write out how 60,000 images differ, for a quarter of an hour
    same = Counter(parts[0] + parts[1]) == Counter(digits(mnist["x_train"], mnist["y_train"]))
    assert same
    assert len(set(parts[0]) & set(parts[1])) == 0


def test_every_digit_has_the_same_fraction_of_training_and_validation(split, mnist):
    fraction, fraction_of_all = (
        np.bincount(y, minlength=10) / len(y) for y in (split[1][1], mnist["y_train"])
    )
    # the nearest that whole images allow: one of 5,000 is 0.02 points
    assert np.abs(fraction - fraction_of_all).max() <= 0.0002


def test_the_split_is_the_same_on_every_call_whatever_the_seed_of_numpy(split):
    np.random.seed(1)  # noqa: NPY002, the global generator is what must not matter
    for once, again in zip(split, load_split(), strict=True):
        for before, now in zip(once, again, strict=True):
            assert before.tobytes() == now.tobytes()


def test_the_digits_of_other_writers_are_scikit_learns_placed_as_mnists_are():
    images, labels = load_other_writers()
    theirs = load_digits()
    assert (images.shape, images.dtype) == ((1797, 28, 28), np.float32)
    np.testing.assert_array_equal(labels, theirs.target)
    assert 0 <= images.min() <= images.max() <= 1
    # an enlarged image is the same picture, but for its place: the ink of both correlates
    small = resize(images[:100, 4:24, 4:24], (100, 8, 8), anti_aliasing=True)
    pairs = zip(small, theirs.images, strict=False)
    assert np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]) > 0.6
    centers = np.array([center_of_mass(image) for image in images[:100]])
    assert np.abs(centers - 14).max() <= 0.51
    rows, columns = images.any(axis=2).sum(axis=1), images.any(axis=1).sum(axis=1)
    assert set(np.maximum(rows, columns)) <= {19, 20}
