"""Break the series in one place at a time, and see the suite go red.

``python tests/proofs/mutations.py``

With words after it, only the mutations whose names hold one of them are run; ``--quick`` leaves out
those that only a run of a notebook can catch, and ``--sample 40`` draws forty, others each time. A
mutation is one wrong change that a reader would see, or be misled by; one that changes nothing for
a reader is none. Each is made alone, in a copy of the project, and `seen_by` names what has to
notice: tests, or a notebook that is run again up to the first cell that differs. Printed are
``killed`` with the test that failed, or ``survived``; the exit code is 1 if one survived.
"""

import argparse
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import h5py
import nbformat
import numpy as np
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[2]
FIRST = "notebooks/01_loading_and_visualizing.ipynb"
SINGLE = "notebooks/02_single_layer_baseline.ipynb"
DEEP = "notebooks/03_deep_network_with_dropout.ipynb"
MATRIX = "notebooks/04_confusion_matrix_analysis.ipynb"
PICTURE = "notebooks/05_predicting_a_single_image.ipynb"
INSIDE = "notebooks/06_backpropagation_and_the_training_loop.ipynb"
EXPERIMENTS = "notebooks/07_hyperparameter_experiments.ipynb"
CONVOLUTION = "notebooks/08_convolution_and_data_augmentation.ipynb"
OWN = "notebooks/11_training_on_your_own_images.ipynb"
PIXELS = "notebooks/assignments/source/01_pixels/01_pixels.ipynb"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")
STORED = "tests/regression/test_notebooks.py"  # what holds for stored notebooks, without a run


@dataclass(frozen=True)
class Mutation:
    """A wrong change: old text (standing once in the file) to new, or a function of the path."""

    name: str
    file: str
    change: tuple[str, str] | Callable[[Path], None]
    seen_by: str = STORED

    @property
    def quick(self) -> bool:
        return not self.seen_by.startswith("notebooks")

    def apply(self, tree: Path) -> None:
        """Change the file in a copy of the project, and never a file that is linked to it."""
        path = tree / self.file
        contents = path.read_bytes()
        path.unlink()
        path.write_bytes(contents)
        if callable(self.change):
            self.change(path)
            changed = path.read_bytes() != contents
        else:
            old, new = (text.encode() for text in self.change)
            if path.suffix == ".ipynb":  # as JSON writes it
                old, new = (json.dumps(t, ensure_ascii=False)[1:-1].encode() for t in self.change)
            changed = contents.count(old) == 1 and old != new
            path.write_bytes(contents.replace(old, new))
        if not changed:
            raise ValueError(
                f"the mutation '{self.name}' no longer fits {self.file}: {self.change}"
            )


# ---------------------------------------------------------------- changes that are no text


def notebook(cell: int, change: Callable) -> Callable[[Path], None]:
    """Change the code cell with this number in brackets."""

    def apply(path):
        book = nbformat.read(path, as_version=4)
        (found,) = (c for c in book.cells if c.get("execution_count") == cell)
        change(found)
        path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")

    return apply


def picture(cell: int, change: Callable[[Image.Image], Image.Image]) -> Callable[[Path], None]:
    """Change the last stored figure of a cell."""

    def apply(found):
        (*_, data) = (out.data for out in found.outputs if "image/png" in out.get("data", {}))
        changed, file = change(open_png(data["image/png"])), io.BytesIO()
        changed.save(file, format="png")
        data["image/png"] = b64encode(file.getvalue()).decode()

    return notebook(cell, apply)


def open_png(encoded: str) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(encoded))).convert("RGB")


def swap_figures(one: int, other: int) -> Callable[[Path], None]:
    """Exchange the stored figures of two cells."""

    def apply(path):
        book = nbformat.read(path, as_version=4)
        figures = [
            output
            for cell in book.cells
            for output in cell.get("outputs", [])
            if cell.execution_count in (one, other) and "image/png" in output.get("data", {})
        ]
        data = [figure.data["image/png"] for figure in figures]
        for figure, new in zip(figures, data[::-1], strict=True):
            figure.data["image/png"] = new
        path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")

    return apply


def recolored(figure):
    red, green, blue = figure.split()
    return Image.merge("RGB", (blue, green, red))


def without_blue(figure):
    """Paint the curve over that has the first color of the series."""
    pixels = np.array(figure)
    blue = (pixels[..., 2].astype(int) - pixels[..., 0]) > 60
    pixels[blue] = 255
    return Image.fromarray(pixels)


def part_turned(figure):
    """Transpose the square in the middle, as of a heatmap."""
    side = min(figure.size) // 2
    left, top = (figure.width - side) // 2, (figure.height - side) // 2
    box = (left, top, left + side, top + side)
    figure.paste(figure.crop(box).transpose(Image.Transpose.TRANSPOSE), box)
    return figure


def part_swapped(figure):
    """Exchange two neighboring strips in the middle, as two bars of a chart."""
    x, width = figure.width // 2, figure.width // 12
    strips = [figure.crop((x + i * width, 0, x + (i + 1) * width, figure.height)) for i in (0, 1)]
    for i in (0, 1):
        figure.paste(strips[1 - i], (x + i * width, 0))
    return figure


def letter_changed(figure):
    """Wipe the stroke of one letter out of the title."""
    rows = np.array(figure)[:30].min(axis=2)
    ys, xs = np.nonzero(rows < 90)
    middle = np.sort(xs)[len(xs) // 2]
    figure.paste("white", (middle - 3, int(ys.min()), middle + 4, int(ys.max()) + 1))
    return figure


def arrays(**changes: Callable) -> Callable[[Path], None]:
    """Change arrays of an .npz file."""

    def apply(path):
        with np.load(path) as file:
            contents = {name: file[name].copy() for name in file}
        for name, change in changes.items():
            contents[name] = change(contents[name])
        np.savez(path, **contents)

    return apply


def one_pixel(images):
    images[0, 14, 14] += 1
    return images


def weights_permuted(path):
    """Give each hidden unit of a stored model the weights of another in its last layer."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stored = io.BytesIO(members["model.weights.h5"])
    with h5py.File(stored, "r+") as file:
        kernels = []
        file.visititems(lambda _, item: kernels.append(item) if np.ndim(item) == 2 else None)
        last = next(kernel for kernel in kernels if kernel.shape[1] == 10)
        last[...] = np.roll(last[...], 1, axis=0)
    members["model.weights.h5"] = stored.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, contents in members.items():
            archive.writestr(name, contents)


def replaced_by_neighbor(path):
    """Put the file that follows in the folder, of the same kind, in its place."""
    files = sorted(path.parent.glob(f"*{path.suffix}"))
    path.write_bytes(files[(files.index(path) + 1) % len(files)].read_bytes())


def no_picture(cell):
    cell.outputs = [output for output in cell.outputs if "image/png" not in output.get("data", {})]


def never_run(cell):
    cell.outputs, cell.execution_count = [], None


def any_accuracy(cell):
    cell.metadata.tolerance["points"] = 40


def no_tolerance(cell):
    del cell.metadata["tolerance"]


def other_alt_text(cell):
    cell.outputs[-1].metadata["image/png"]["alt"] = "Ten digits in a row."


def last_cell_lost(path):
    book = nbformat.read(path, as_version=4)
    last = [cell for cell in book.cells if cell.cell_type == "code"][-1]
    book.cells.remove(last)
    path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")


# ---------------------------------------------------------------- the mutations

HELPERS = [
    Mutation(
        "scaled by 256",
        "digits_helpers/data.py",
        ("np.float32(255)", "np.float32(256)"),
        "tests/unit/test_data.py::test_the_split_is_the_one_of_scikit_learn_and_exactly_pixel_by_255",
    ),
    Mutation(
        "another split",
        "digits_helpers/data.py",
        ("random_state=0", "random_state=1"),
        "tests/unit/test_data.py::test_the_split_is_the_one_of_scikit_learn_and_exactly_pixel_by_255",
    ),
    Mutation(
        "split not stratified",
        "digits_helpers/data.py",
        (", stratify=labels", ""),
        "tests/unit/test_data.py::test_every_digit_has_the_same_fraction_of_training_and_validation",
    ),
    Mutation(
        "validation set is the test set",
        "digits_helpers/data.py",
        ("(x_valid / scale, y_valid)", "(x_test / scale, y_test)"),
        "tests/unit/test_data.py::test_training_and_validation_images_together_are_the_training_set_each_once",
    ),
    Mutation(
        "labels off by one",
        "digits_helpers/data.py",
        ("(x_train / scale, y_train)", "(x_train / scale, (y_train + 1) % 10)"),
        "tests/unit/test_data.py::test_the_split_is_the_one_of_scikit_learn_and_exactly_pixel_by_255",
    ),
    Mutation(
        "polarity of the data flipped",
        "digits_helpers/data.py",
        ("return (x_train / scale,", "return (1 - x_train / scale,"),
        "tests/unit/test_data.py::test_the_split_is_the_one_of_scikit_learn_and_exactly_pixel_by_255",
    ),
    Mutation(
        "contents of MNIST not verified",
        "digits_helpers/data.py",
        ("if _idx_sha256(array) != sha256:", "if False:"),
        "tests/unit/test_data.py::test_other_contents_are_refused_and_named",
    ),
    Mutation(
        "damaged models accepted",
        "digits_helpers/models.py",
        ("if damaged := archive.testzip():", "if damaged := None:"),
        "tests/unit/test_models.py::test_a_damaged_file_is_refused_and_named",
    ),
    Mutation(
        "matrix transposed by the helper",
        "digits_helpers/plotting.py",
        ("        matrix,\n        annot=True", "        matrix.T,\n        annot=True"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "axes of the matrix named the wrong way round",
        "digits_helpers/plotting.py",
        (
            'xlabel="predicted digit", ylabel="true digit"',
            'xlabel="true digit", ylabel="predicted digit"',
        ),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "another color map for the matrix",
        "digits_helpers/plotting.py",
        ('cmap="cividis"', 'cmap="viridis"'),
        MATRIX,
    ),
    Mutation(
        "digits black on white",
        "digits_helpers/plotting.py",
        (
            "ax.imshow(image, vmin=0, vmax=images.max() or 1)",
            "ax.imshow(images.max() - image, vmin=0, vmax=images.max() or 1)",
        ),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "each digit on a scale of its own",
        "digits_helpers/plotting.py",
        ("vmax=images.max() or 1", "vmax=image.max() or 1"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "a pixel's value written on another",
        "digits_helpers/plotting.py",
        ("ax.text(column, row, value", "ax.text(row, column, value"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "a map upside down",
        "digits_helpers/plotting.py",
        ("top = pixels[1] - side - bottom", "top = bottom"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "a filter without its bias",
        "digits_helpers/plotting.py",
        ("np.maximum(sum(results) + bias, 0)", "np.maximum(sum(results), 0)"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "seed 0 missing among the runs",
        "data/models/seeds.csv",
        ("cnn_longer,0,", "cnn_longer,9,"),
        "tests/unit/test_seeds_runs.py",
    ),
    Mutation(
        "the smallest probability highlighted",
        "digits_helpers/plotting.py",
        ("np.argmax(probabilities)", "np.argmin(probabilities)"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "training and validation curves exchanged",
        "digits_helpers/plotting.py",
        (
            '{"training": name, "validation": "val_" + name}',
            '{"validation": name, "training": "val_" + name}',
        ),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "accuracy as a fraction under a label in per cent",
        "digits_helpers/plotting.py",
        ("[1, 100], strict=True", "[1, 1], strict=True"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "trained curves dashed",
        "digits_helpers/plotting.py",
        ("markersize=4, label=label", 'markersize=4, label=label, linestyle="--"'),
        SINGLE,
    ),
    Mutation(
        "legend of trained curves lost",
        "digits_helpers/plotting.py",
        ('axes[1].legend(loc="lower right")', "pass"),
        SINGLE,
    ),
    Mutation(
        "a letter of a trained figure changed",
        "digits_helpers/plotting.py",
        ('"loss (nats)"', '"loss (bats)"'),
        SINGLE,
    ),
    Mutation(
        "parameters of the layers above",
        "digits_helpers/plotting.py",
        ("layer.count_params()", "model.count_params()"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "no alternative text",
        "digits_helpers/plotting.py",
        ('notes = {"alt": alt,', 'notes = {"alt": "",'),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "other colors for all curves",
        "digits_helpers/digits.mplstyle",
        ('"0072B2", "D55E00"', '"D55E00", "0072B2"'),
        MATRIX,
    ),
    Mutation(
        "bilinear digits",
        "digits_helpers/digits.mplstyle",
        ("image.interpolation: nearest", "image.interpolation: bilinear"),
        FIRST,
    ),
    Mutation(
        "epochs counted from 0",
        "digits_helpers/training.py",
        ("epoch {epoch + 1:2d}", "epoch {epoch:2d}"),
        "tests/unit/test_training.py",
    ),
    Mutation(
        "training accuracy printed as validation",
        "digits_helpers/training.py",
        ("logs['val_accuracy']", "logs['accuracy']"),
        "tests/unit/test_training.py",
    ),
    Mutation(
        "scoreboard counts the notebook twice",
        "digits_helpers/training.py",
        ('stored["notebook"] < f', 'stored["notebook"] <= f'),
        "tests/unit/test_training.py",
    ),
    Mutation(
        "TensorFlow's notices come through",
        "digits_helpers/quiet_tensorflow.py",
        ("os.dup2(_nowhere, 2)", "pass"),
        "tests/project/test_project.py",
    ),
    Mutation(
        "TensorFlow's advice comes through",
        "digits_helpers/quiet_tensorflow.py",
        ('setLevel("ERROR")', 'setLevel("WARNING")'),
        SINGLE,
    ),
    Mutation(
        "the single layer given for the mlp",
        "digits_helpers/models.py",
        ('def load_reference_model(name="mlp")', 'def load_reference_model(name="single_layer")'),
        "tests/unit/test_models.py",
    ),
    Mutation(
        "a figure does not say what it says",
        "digits_helpers/figure_description.py",
        ('f"title: {title}"', '"title"'),
        "tests/unit/test_figure_description.py",
    ),
    Mutation(
        "captions of the digits shifted by one",
        "digits_helpers/plotting.py",
        ("ax.set_title(titles[i],", "ax.set_title(titles[i - 1],"),
        "tests/unit/test_plotting.py",
    ),
    Mutation(
        "a web page is not recognized",
        "digits_helpers/pictures/file_types.py",
        ("<(!doctype html|html|head|body)", "<(never)"),
        "tests/unit/pictures/test_opening.py",
    ),
    Mutation(
        "an animation is read at its first frame",
        "digits_helpers/pictures/opening.py",
        ("for frame in range(frames - 1, -1, -1):", "for frame in range(frames):"),
        "tests/unit/pictures/test_opening.py",
    ),
    Mutation(
        "nothing said of the frame that is read",
        "digits_helpers/pictures/opening.py",
        ("    if note:\n", "    if False:\n"),
        "tests/unit/pictures/test_opening.py",
    ),
    Mutation(
        "errors repeat all that was given",
        "digits_helpers/pictures/opening.py",
        ("if len(text) <= 100 else", "if text else"),
        "tests/unit/pictures/test_opening.py",
    ),
    Mutation(
        "the command's exit code is that of the last picture",
        "digits_helpers/command.py",
        ("code = max(code, picture_code)", "code = picture_code"),
        "tests/unit/test_command.py",
    ),
    Mutation(
        "a blank picture is an unusable file to the command",
        "digits_helpers/command.py",
        ("return NOTHING_FOUND, None", "return UNUSABLE, None"),
        "tests/unit/test_command.py",
    ),
    Mutation(
        "bounding box of 22 pixels",
        "digits_helpers/pictures/normalization.py",
        ("def scale_to_box(digit, size=20)", "def scale_to_box(digit, size=22)"),
        "tests/unit/pictures/test_load_digit_image.py::test_the_longer_side_becomes_20_and_the_aspect_is_kept",
    ),
    Mutation(
        "a box with nothing in it is cut like a frame",
        "digits_helpers/pictures/page.py",
        ("boxes[-3] if is_plain and len(boxes) > 2 else boxes[-1]", "boxes[-1]"),
        "tests/unit/pictures/test_page.py",
    ),
    Mutation(
        "a page may be as slim as a 1",
        "digits_helpers/pictures/page.py",
        ("or high > 2.3 * wide", "or high > 23 * wide"),
        "tests/unit/pictures/test_page.py",
    ),
    Mutation(
        "no margin around what is cropped to its ink",
        "digits_helpers/pictures/page.py",
        ("if color is None:", "if True:"),
        "tests/unit/pictures/test_page.py::"
        "test_the_margin_is_a_fifth_of_the_longer_side_and_has_the_color_of_the_background",
    ),
    Mutation(
        "the margin of a crop is of another width",
        "digits_helpers/pictures/page.py",
        ("MARGIN = 0.2", "MARGIN = 0.3"),
        "tests/unit/pictures/test_page.py::"
        "test_the_margin_is_a_fifth_of_the_longer_side_and_has_the_color_of_the_background",
    ),
    Mutation(
        "the ink taken for the background of a crop",
        "digits_helpers/pictures/page.py",
        ("if border(ink).mean() > 0.5:", "if border(ink).mean() <= 0.5:"),
        "tests/unit/pictures/test_page.py::"
        "test_a_digit_cropped_to_its_ink_keeps_all_of_its_strokes",
    ),
    Mutation(
        "a shaded page gets a margin",
        "digits_helpers/pictures/page.py",
        ("> 0.1 * contrast", "> 1.0 * contrast"),
        "tests/unit/pictures/test_page.py::test_other_pictures_get_no_margin",
    ),
    Mutation(
        "a sheet from border to border gets a margin",
        "digits_helpers/pictures/page.py",
        (".max() > 0.6 * max(ink.shape)", ".max() > 60 * max(ink.shape)"),
        "tests/unit/pictures/test_page.py::test_other_pictures_get_no_margin",
    ),
    Mutation(
        "a page with a dark strip gets a margin",
        "digits_helpers/pictures/page.py",
        ("    if _has_band(ink):", "    if False:"),
        "tests/unit/pictures/test_page.py::test_other_pictures_get_no_margin",
    ),
    Mutation(
        "ruled paper gets a margin",
        "digits_helpers/pictures/page.py",
        ("if not np.array_equal(without_lines(foreground), foreground):", "if False:"),
        "tests/unit/pictures/test_page.py::test_other_pictures_get_no_margin",
    ),
    Mutation(
        "what touches one side gets a margin",
        "digits_helpers/pictures/page.py",
        ("if not (rows[0] and rows[-1]) and not (columns[0] and columns[-1]):", "if not rows[0]:"),
        "tests/unit/pictures/test_page.py::test_other_pictures_get_no_margin",
    ),
    Mutation(
        "the corner of the page forgotten in the bounding boxes",
        "digits_helpers/pictures/reading.py",
        (" + np.tile(corner, 2)", ""),
        "tests/unit/pictures/test_page.py",
    ),
    Mutation(
        "touching digits stay together",
        "digits_helpers/pictures/segmentation.py",
        ("if score < 0.8 and", "if score < 0 and"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "the parts of a broken digit stay apart",
        "digits_helpers/pictures/segmentation.py",
        ("if gains[best] < 0:", "if gains[best] < 20:"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "the line under a number stays",
        "digits_helpers/pictures/attached_lines.py",
        ("piece.width < 1.6 * piece.height", "piece.width < 100 * piece.height"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "boxes that digits touch stay",
        "digits_helpers/pictures/attached_lines.py",
        ("if len(across) < 2 or not down:", "if True:"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "letters are digits",
        "digits_helpers/pictures/segmentation.py",
        ("CLEAR, UNCLEAR = 0.5, 0.02", "CLEAR, UNCLEAR = 0.5, 0.0"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "a shape around a digit is a zero",
        "digits_helpers/pictures/segmentation.py",
        ("enclosing = _enclosing(pieces, scores)", "enclosing = np.zeros(len(pieces), bool)"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "small digits are dropped",
        "digits_helpers/pictures/segmentation.py",
        ("or piece.height < 0.2 * high", "or True"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "left out without a word",
        "digits_helpers/pictures/reading.py",
        ("for piece, reason in found.others]", "for piece, reason in ()]"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "bounding boxes of a rotated sheet",
        "digits_helpers/pictures/reading.py",
        ("_rotate_back(box, rotation, ink.shape)", "box"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "a lone digit is rotated",
        "digits_helpers/pictures/reading.py",
        ("if len(rotated.digits) == 1:", "if False:"),
        "tests/unit/pictures/test_layouts.py",
    ),
    Mutation(
        "a digit joins the first row",
        "digits_helpers/pictures/layout.py",
        ("rows[int(np.argmax(common))]", "rows[0]"),
        "tests/unit/pictures/test_read_digits.py",
    ),
    Mutation(
        "two digits are one without a warning",
        "digits_helpers/pictures/layout.py",
        ("gap > 0.1 * tall", "gap > 10 * tall"),
        "tests/unit/pictures/test_neighbors.py",
    ),
    Mutation(
        "doubt is not doubtful",
        "digits_helpers/pictures/results.py",
        ("return bool(self.doubt) or self", "return self"),
        "tests/unit/pictures/test_results.py",
    ),
    Mutation(
        "every lone line removed",
        "digits_helpers/pictures/lines.py",
        ("if len(lines) == 1 and _is_stroke(*lines[0], mask):", "if False:"),
        "tests/unit/pictures/test_ink.py",
    ),
    Mutation(
        "noise scores like ink",
        "digits_helpers/pictures/background.py",
        ("least = 0.1 * max(", "least = 0.0 * max("),
        "tests/unit/pictures/test_ink.py",
    ),
    Mutation(
        "boxes drawn around digits kept",
        "digits_helpers/pictures/components.py",
        ("score[_enclosing_components(mask, labels) - 1] = 0", "pass"),
        "tests/unit/pictures/test_load_digit_image.py",
    ),
    Mutation(
        "an eight with a smudge is a box",
        "digits_helpers/pictures/components.py",
        ("if len(holes) > 1 or (sizes[list(holes)] > 0.6 * sizes[outer]).all()", "if outer >= 0"),
        "tests/unit/pictures/test_load_digit_image.py",
    ),
    Mutation(
        "paper texture kept",
        "digits_helpers/pictures/threshold.py",
        ("while count > 80 and", "while count > 80_000 and"),
        "tests/unit/pictures/test_ink.py",
    ),
    Mutation(
        "rotated by up to 25 degrees",
        "digits_helpers/augmentation.py",
        ("rng.uniform(-15, 15, count)", "rng.uniform(-25, 25, count)"),
        "tests/unit/test_augmentation.py::"
        "test_horizontal_strokes_are_rotated_and_sheared_and_vertical_ones_rotated_as_far_as_stated",
    ),
    Mutation(
        "every image augmented alike",
        "digits_helpers/augmentation.py",
        ("rng.uniform(-0.5, 1.5, (len(images), 1, 1))", "rng.uniform(-0.5, 1.5, (1, 1, 1))"),
        "tests/unit/test_augmentation.py::test_each_image_varies_in_a_way_of_its_own",
    ),
    Mutation(
        "a batch normalization folded wrongly",
        "digits_helpers/explorables/networks.py",
        ("np.sqrt(variance + config", "np.sqrt(variance - config"),
        "tests/unit/test_networks.py::test_a_packed_network_computes_the_probabilities_of_keras",
    ),
    Mutation(
        "a PNG that is named .jpg passes",
        "digits_helpers/folders.py",
        ("if found != expected:", "if False:"),
        "tests/unit/test_folders.py::test_whatever_would_fail_or_be_lost_in_training_is_named",
    ),
    Mutation(
        "ids of a submission from 0",
        "digits_helpers/folders.py",
        ("np.arange(1, len(labels) + 1)", "np.arange(len(labels))"),
        "tests/unit/test_folders.py::test_a_written_submission_is_a_valid_one",
    ),
    Mutation(
        "pictures of the scoreboard hidden",
        "digits_helpers/training.py",
        ('(board["pictures"] == "–").all()', '(board["pictures"] == "–").any()'),
        "tests/unit/test_training.py",
    ),
    Mutation(
        "a diverged run counted",
        "digits_helpers/experiments.py",
        ('ok = math.isfinite(reached["loss"])', "ok = True"),
        "tests/unit/test_experiments.py::test_a_diverged_run_is_marked_and_no_mean_takes_it_in",
    ),
    Mutation(
        "rows written at the end of the sweep only",
        "digits_helpers/experiments.py",
        ("for setting, reached in tqdm(runs,", "for setting, reached in tqdm(list(runs),"),
        "tests/unit/test_experiments.py::test_an_interrupted_sweep_keeps_what_it_has_and_goes_on",
    ),
    Mutation(
        "intervals of half the width",
        "digits_helpers/plotting.py",
        ("stats.t.ppf(0.975, len(values) - 1) * stats.sem", "stats.t.ppf(0.84, 9) * stats.sem"),
        "tests/unit/test_plotting.py::test_runs_are_dots_beside_their_mean_and_its_student_interval",
    ),
    Mutation(
        "a smallest change that leaves the range of pixels",
        "digits_helpers/attacks.py",
        (
            "change = np.clip(images + change, 0, 1) - images",
            "change = np.clip(images + change, -1, 2) - images",
        ),
        "tests/unit/test_attacks.py::test_every_changed_digit_is_an_image_and_is_misread",
    ),
    Mutation(
        "the margin with the label among the others",
        "digits_helpers/attacks.py",
        ("logits - 1e9 * one_hot", "logits"),
        "tests/unit/test_attacks.py::test_the_gradient_of_a_linear_logit_is_its_template",
    ),
    Mutation(
        "the planes of an embedding stretched to a square",
        "digits_helpers/explorables/embedding.py",
        ("(np.max(high - low) or 1)", "np.maximum(high - low, 1e-9)"),
        "tests/unit/test_figures_of_data.py::"
        "test_planes_keep_their_proportions_and_say_how_often_neighbors_agree",
    ),
    Mutation(
        "the winner compared with itself",
        "digits_helpers/explorables/search.py",
        ("keepdims=True) - table) / (self.seeds - 1)", "keepdims=True)) / self.seeds"),
        "tests/unit/test_figures_of_data.py::"
        "test_the_winner_is_compared_with_the_other_runs_of_its_setting",
    ),
    Mutation(
        "a heatmap of errors without logarithm",
        "digits_helpers/experiment_plots.py",
        ("norm = LogNorm(*errors, clip=True)", "norm = plt.Normalize(*errors, clip=True)"),
        "tests/unit/test_experiment_plots.py",
    ),
    Mutation(
        "a public name lost",
        "digits_helpers/__init__.py",
        ('"models": ["load_reference_model"],', ""),
        "tests/project/test_project.py",
    ),
]

CODE = [
    Mutation(
        "Adam's epsilon under the root",
        INSIDE,
        ('(np.sqrt(memory["v"]) + epsilon)', 'np.sqrt(memory["v"] + epsilon)'),
        INSIDE,
    ),
    Mutation(
        "one path into a node forgotten",
        INSIDE,
        ("d_x = d_z1 * w1 + d_z2 * w2", "d_x = d_z1 * w1"),
        INSIDE,
    ),
    Mutation("a gradient without ReLU", INSIDE, ("G = G * (z > 0)", "G = G * 1"), INSIDE),
    Mutation(
        "intervals that forget how few the runs are",
        EXPERIMENTS,
        ("np.mean(values), t * np.std(values, ddof=1)", "np.mean(values), 1.96 * np.std(values)"),
        EXPERIMENTS,
    ),
    Mutation("runs of `base` only", EXPERIMENTS, ("pd.Series(base | changes)", "pd.Series(base)")),
    Mutation("mean pooling", CONVOLUTION, (".max(axis=(1, 3))", ".mean(axis=(1, 3))"), CONVOLUTION),
    Mutation(
        "moved the other way", CONVOLUTION, ("(0, down, right), order", "(0, down, -right), order")
    ),
    Mutation("ten times as many 4s left", OWN, ("fours[15:]", "fours[150:]"), OWN),
    Mutation(
        "pixel 14, 10 of another image", FIRST, ("x_train[0, 14, 10]", "x_train[1, 14, 10]"), FIRST
    ),
    Mutation(
        "seed of the first notebook removed",
        FIRST,
        ("np.random.default_rng(seed=1).choice", "np.random.default_rng().choice"),
        FIRST,
    ),
    Mutation(
        "a label of an axis changed",
        FIRST,
        (
            'xlabel="digit", ylabel="training images"',
            'xlabel="digits", ylabel="training images"',
        ),
        FIRST,
    ),
    Mutation(
        "a curve dropped",
        FIRST,
        ('ax.axhline(10, color="black", linestyle=":", linewidth=1)', "pass"),
        FIRST,
    ),
    Mutation("a legend removed", PIXELS, ('ax.legend(loc="lower right")', "pass"), PIXELS),
    Mutation(
        "the words at a line removed",
        FIRST,
        ('ax.annotate("guessing at random", (0, 12), fontsize=9)', "pass"),
        FIRST,
    ),
    Mutation("pixels scaled twice", FIRST, ("x = images / np", "x = images / 255 / np"), FIRST),
    Mutation(
        "a label encoded as its neighbor",
        FIRST,
        ("to_categorical(y_train, ", "to_categorical((y_train + 1) % 10, "),
        FIRST,
    ),
    Mutation(
        "nearest mean along the wrong axis",
        FIRST,
        (
            "pixels.reshape(-1, 784), flat_means",
            "pixels.swapaxes(1, 2).reshape(-1, 784), flat_means",
        ),
        FIRST,
    ),
    Mutation(
        "the ten easiest called hardest",
        FIRST,
        ("excess.argsort()[::-1][:10]", "excess.argsort()[:10]"),
        FIRST,
    ),
    Mutation(
        "loss in bits",
        SINGLE,
        ("loss = -np.log(probabilities[label])", "loss = -np.log2(probabilities[label])"),
        SINGLE,
    ),
    Mutation(
        "seed of the networks removed",
        SINGLE,
        ("    keras.utils.set_random_seed(seed)\n", "    keras.utils.clear_session()\n"),
        SINGLE,
    ),
    Mutation(
        "a larger learning rate",
        SINGLE,
        ("path = descend(rate=0.5, steps=60)", "path = descend(rate=0.55, steps=60)"),
        SINGLE,
    ),
    Mutation(
        "the gradient of the wrong sign",
        SINGLE,
        ("error = probabilities - target", "error = target - probabilities"),
        SINGLE,
    ),
    Mutation(
        "derivatives checked to one side",
        SINGLE,
        ("(up - down) / (2 * h) - gradient[i]", "(up - loss) / h - gradient[i]"),
        SINGLE,
    ),
    Mutation(
        "mistakes of least confidence shown as those of most",
        SINGLE,
        ("np.argsort(-first[mistakes], ", "np.argsort(first[mistakes], "),
        SINGLE,
    ),
    Mutation(
        "trained on pixels from 0 to 255",
        SINGLE,
        (
            "(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_split()",
            "(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = "
            "[(255 * x, y) for x, y in load_split()]",
        ),
        SINGLE,
    ),
    Mutation(
        "confusion matrix transposed",
        MATRIX,
        ("matrix[label, prediction] += 1", "matrix[prediction, label] += 1"),
        MATRIX,
    ),
    Mutation(
        "errors shared out by columns",
        MATRIX,
        ("matrix.sum(axis=1, keepdims=True)", "matrix.sum(axis=0, keepdims=True)"),
        MATRIX,
    ),
    Mutation("the diagonal left in", MATRIX, ("np.fill_diagonal(rates, np.nan)", "pass"), MATRIX),
    Mutation(
        "the other model's mistakes",
        MATRIX,
        ('"wrong": ~correct["MLP"]', '"wrong": ~correct["single layer"]'),
        MATRIX,
    ),
    Mutation(
        "calibration in nine bins",
        MATRIX,
        ("(confidence, correct, bins=10):", "(confidence, correct, bins=9):"),
        MATRIX,
    ),
    Mutation(
        "the two models exchanged",
        MATRIX,
        (
            'gain = correct["MLP"].astype(int) - correct["single layer"]',
            'gain = correct["single layer"].astype(int) - correct["MLP"]',
        ),
        MATRIX,
    ),
    Mutation(
        "a temperature judged on the images that it was fitted to",
        MATRIX,
        ("mlp_logits[fitted_on], y_valid[fitted_on]", "mlp_logits[judged_on], y_valid[judged_on]"),
        MATRIX,
    ),
    Mutation(
        "a shorter interval of the difference",
        MATRIX,
        ("half = 1.96 * gain.std()", "half = 1.65 * gain.std()"),
        MATRIX,
    ),
    Mutation(
        "reliability in nine bins",
        "digits_helpers/evaluation_plots.py",
        ("ax=None, *, bins=10, title=None", "ax=None, *, bins=9, title=None"),
        "tests/unit/test_evaluation_plots.py",
    ),
    Mutation(
        "images of a pair in the panel of the other error",
        "digits_helpers/evaluation_plots.py",
        (
            "for true in pair for predicted in pair",
            "for predicted in pair for true in pair",
        ),
        "tests/unit/test_evaluation_plots.py",
    ),
    Mutation(
        "softmax over all images at once",
        SINGLE,
        ("exponentials.sum(axis=-1, keepdims=True)", "exponentials.sum()"),
        SINGLE,
    ),
    Mutation(
        "ink and paper swapped",
        PICTURE,
        ('"inverted": 1 - naive / 255', '"inverted": naive / 255'),
        PICTURE,
    ),
]

# of these a run may show no more than a training with another seed: the code is not the one that
# was run when the outputs were stored
UNRUN = [
    Mutation(
        "dropout 0.3",
        DEEP,
        ("chosen = build([512, 512], dropout=0.2)", "chosen = build([512, 512], dropout=0.3)"),
    ),
    Mutation("what is kept is dropped", DEEP, ("(ones.shape) >= rate", "(ones.shape) < rate")),
    Mutation("another rate", DEEP, ("CosineDecay(0.002,", "CosineDecay(0.0022,")),
    Mutation(
        "rate not lowered", DEEP, ("keras.optimizers.Adam(rate)", "keras.optimizers.Adam(0.001)")
    ),
    Mutation(
        "batches of 128",
        DEEP,
        ("return model.fit(x, y, batch_size=256,", "return model.fit(x, y, batch_size=128,"),
    ),
    Mutation(
        "chosen on the test set",
        DEEP,
        ("def accuracy(model, x=x_valid, y=y_valid)", "def accuracy(model, x=x_test, y=y_test)"),
    ),
    Mutation(
        "gelu for relu",
        DEEP,
        ('def build(hidden, activation="relu"', 'def build(hidden, activation="gelu"'),
    ),
    Mutation(
        "activation of the linear network",
        DEEP,
        ("build([128, 64], activation=None)", "build([128, 64])"),
    ),
    Mutation(
        "a seed removed",
        DEEP,
        notebook(
            18,
            lambda cell: cell.update(
                source=cell.source.replace("keras.utils.set_random_seed(0)\n", "")
            ),
        ),
    ),
    Mutation(
        "a network trained one epoch less",
        DEEP,
        ("train(linear, x_train, y_train, epochs=3)", "train(linear, x_train, y_train, epochs=2)"),
    ),
    Mutation(
        "images in their order",
        SINGLE,
        (
            "again.fit(x_train, y_train, epochs=5,",
            "again.fit(x_train, y_train, epochs=5, shuffle=False,",
        ),
    ),
    Mutation("SGD for Adam", SINGLE, ('optimizer="adam"', 'optimizer="sgd"')),
    Mutation("a tolerance widened", DEEP, notebook(27, any_accuracy)),
    Mutation("a tolerance removed", SINGLE, notebook(20, no_tolerance)),
    Mutation("the last cell lost", MATRIX, last_cell_lost),
    Mutation("a cell never run", FIRST, notebook(9, never_run)),
]

OUTPUTS = [
    Mutation(
        "a count of the matrix",
        MATRIX,
        ("3 predicted as 5: 18 of 511", "3 predicted as 5: 19 of 511"),
        MATRIX,
    ),
    Mutation("a number of a table", FIRST, ("<td>9.87</td>", "<td>9.78</td>"), FIRST),
    Mutation("a column of a table", FIRST, ("<th>parameters</th>", "<th>parameter</th>"), FIRST),
    Mutation(
        "a trained accuracy far off",
        SINGLE,
        ("accuracy: 0.9237 - loss", "accuracy: 0.9732 - loss"),
        SINGLE,
    ),
    Mutation(
        "a trained accuracy a little off", SINGLE, ("operations: 92.62 %", "operations: 92.60 %")
    ),
    Mutation(
        "a word of a trained output",
        SINGLE,
        ("largest minus smallest: 0.28 percentage", "largest minus smaller: 0.28 percentage"),
    ),
    Mutation("two figures exchanged", FIRST, swap_figures(5, 6), FIRST),
    Mutation("two trained figures exchanged", DEEP, swap_figures(7, 19)),
    Mutation("a figure removed", FIRST, notebook(11, no_picture), FIRST),
    Mutation("a figure recolored", FIRST, picture(10, recolored), FIRST),
    Mutation("a figure mirrored", FIRST, picture(6, ImageOps.mirror), FIRST),
    Mutation("a curve painted over", MATRIX, picture(14, without_blue), MATRIX),
    Mutation("a heatmap turned", MATRIX, picture(5, part_turned), MATRIX),
    Mutation("two bars exchanged", FIRST, picture(10, part_swapped), FIRST),
    Mutation("a letter of a title wiped out", FIRST, picture(10, letter_changed), FIRST),
    Mutation("a trained figure mirrored", SINGLE, picture(20, ImageOps.mirror), SINGLE),
    Mutation("a letter of a trained title wiped out", DEEP, picture(7, letter_changed)),
    Mutation("another alternative text", FIRST, notebook(6, other_alt_text), FIRST),
]

PROSE = [
    Mutation(
        "a percentage of the prose",
        FIRST,
        ("the accuracy down to 21.78 %", "the accuracy down to 27.18 %"),
    ),
    Mutation("a count of the prose", FIRST, ("From 4,969 fives", "From 4,996 fives")),
    Mutation(
        "an integer of the prose",
        SINGLE,
        ("1,719 here, 1,688 with", "1,791 here, 1,688 with"),
    ),
    Mutation("a number of the README", "README.md", ("11.35 % and 82.00 %", "11.35 % and 82.30 %")),
]

DATA = [
    Mutation(
        "labels shuffled",
        "data/mnist.npz",
        arrays(y_train=lambda y: np.random.default_rng(0).permutation(y)),
        "tests/unit/test_data.py::test_written_back_to_idx_the_digits_are_the_original_files",
    ),
    Mutation(
        "one pixel changed",
        "data/mnist.npz",
        arrays(x_test=one_pixel),
        "tests/unit/test_data.py::test_written_back_to_idx_the_digits_are_the_original_files",
    ),
    Mutation(
        "images in another order",
        "data/mnist.npz",
        arrays(x_train=lambda x: x[::-1]),
        "tests/unit/test_data.py::test_written_back_to_idx_the_digits_are_the_original_files",
    ),
    Mutation("a score changed", "data/scoreboard.csv", ("97.78 %", "97.87 %")),
    Mutation(
        "a label of a picture",
        "data/handwriting/labels.csv",
        ("paint_3.png,paint,3", "paint_3.png,paint,8"),
        "tests/unit/test_handwriting_samples.py",
    ),
    Mutation(
        "another picture under the name",
        "data/handwriting/paint_3.png",
        replaced_by_neighbor,
        "tests/unit/test_handwriting_samples.py",
    ),
    Mutation(
        "weights permuted",
        "data/models/single_layer.keras",
        weights_permuted,
        "tests/unit/test_models.py",
    ),
    Mutation(
        "another model under the name",
        "data/models/single_layer.keras",
        replaced_by_neighbor,
        "tests/unit/test_models.py",
    ),
    Mutation(
        "accuracy on the card",
        "data/models/single_layer.json",
        ('"test_accuracy": 0.926,', '"test_accuracy": 0.936,'),
        "tests/unit/test_models.py",
    ),
    Mutation(
        "validation accuracy on the card",
        "data/models/single_layer.json",
        ('"validation_accuracy": 0.9262,', '"validation_accuracy": 0.9362,'),
        "tests/unit/test_models.py",
    ),
]

MUTATIONS = [*HELPERS, *CODE, *UNRUN, *OUTPUTS, *PROSE, *DATA]


# ---------------------------------------------------------------- running them


def copy_project(into: Path) -> None:
    """Copy what belongs to the project, changes that are not committed included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)


def red(tree: Path, targets: list[str]) -> str:
    """Run tests in a copy of the project; return the first that fails, empty if none does."""
    options = ["-n", "0", "-x", "-q", "-rfE", "--color=no"]
    command = [sys.executable, "-m", "pytest", *options, *targets]
    printed = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=tree,
        env=os.environ | ONE_THREAD | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
    )
    if printed.returncode == 0:
        return ""
    if failed := re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", printed.stdout, re.MULTILINE):
        return failed[1]
    raise RuntimeError(f"pytest {' '.join(targets)} did not run:\n{printed.stdout}{printed.stderr}")


def run(mutation: Mutation, original: Path) -> tuple[str, float]:
    """Make one mutation in a copy whose other files are links; return what fails, and seconds."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        tree = Path(folder, "digits")
        shutil.copytree(original, tree, copy_function=os.link)
        mutation.apply(tree)
        return red(tree, [mutation.seen_by]), time.perf_counter() - start


def main(arguments: list[str]) -> int:
    """Run the mutations that are asked for; return 1 if one survived or no longer fits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help="a part of a mutation's name")
    parser.add_argument("--quick", action="store_true", help="run no notebook")
    parser.add_argument("--sample", type=int, metavar="n", help="only n of them, drawn at random")
    options = parser.parse_args(arguments)
    mutations = [
        mutation
        for mutation in MUTATIONS
        if (not options.names or any(name in mutation.name for name in options.names))
        and (mutation.quick or not options.quick)
    ]
    if options.sample:
        mutations = random.sample(mutations, min(options.sample, len(mutations)))
    survived = 0
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder, ThreadPoolExecutor(2) as pool:
        original = Path(folder)
        copy_project(original)
        if failed := red(original, sorted({mutation.seen_by for mutation in mutations})):
            print(f"without any mutation {failed} fails: fix that first")
            return 1
        results = pool.map(lambda mutation: run(mutation, original), mutations)
        for mutation, (test, seconds) in zip(mutations, results, strict=True):
            survived += not test
            verdict = f"killed by {test}" if test else "SURVIVED"
            print(f"{mutation.name:50} {seconds:4.0f} s  {verdict}", flush=True)
    print(f"{len(mutations) - survived} killed, {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
