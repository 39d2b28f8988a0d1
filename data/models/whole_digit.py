"""Train the network that tells one whole digit from other things: ``data/models/whole_digit.py``.

`read_digits` cuts touching digits apart and joins broken ones in many ways, and needs to know which
of the pieces are digits. A network that knows only the ten digits cannot say: it is as confident
about half an 8 or a letter. This one was shown both, as LeCun et al. (1998), "Gradient-based
learning applied to document recognition", section V, ask for: digits (those that "cnn" learns from,
and others cut from a touching one), and pieces of digits, pairs, letters of printed fonts, shapes,
digits with lines attached, digits on their side.

Beside the model, ``whole_digit.json`` states how it was made and what it reaches.
"""

import json
import sys

import cv2
import digits_helpers.quiet_tensorflow
import keras
import matplotlib
import numpy as np
from digits_helpers import DATA, augment, center_by_mass, load_split, scale_to_box
from PIL import Image, ImageDraw, ImageFont

sys.path.append(str(DATA / "models"))
from train import BATCH, DRAWN, SEED, draw_rare, fit, store

EPOCHS = 6
LETTERS = "ACDEFGHJKLMNPQRTUVWXYadefhkmnprtuwy&@#$%?+=*<>√∑"  # without those that are digits, too
FONTS = [
    f"{matplotlib.get_data_path()}/fonts/ttf/{name}.ttf"
    for name in ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral")
]


def network():
    """Return four convolutions, two of which halve the image, and a hidden layer."""
    layers = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
    for channels, stride in [(12, 1), (24, 2), (24, 1), (48, 2)]:
        layers += [
            keras.layers.Conv2D(channels, 3, stride, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.3)]
    layers += [keras.layers.Dense(64, activation="relu"), keras.layers.Dropout(0.3)]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


def normalize(image):
    """Normalize what `read_digits` would have cut out; None if there is hardly any ink."""
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 0.3) for axis in (1, 0))
    if len(rows) < 3 or len(columns) < 2 or (image > 0.5).sum() < 12:
        return None
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return center_by_mass(scale_to_box(cut))


def cropped(image):
    """Crop an image to its ink."""
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 0.3) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def beside(left, right, gap, drop):
    """Put two digits beside each other, their columns `gap` apart, the second lower by `drop`."""
    high, wide = 48, left.shape[1] + right.shape[1] + max(gap, 0) + 2
    page = np.zeros((2, high, wide), np.float32)
    x = max(0, left.shape[1] + gap)
    page[0, 10 : 10 + left.shape[0], : left.shape[1]] = left
    page[1, 10 + drop : 10 + drop + right.shape[0], x : x + right.shape[1]] = right
    return page


def pair(images, labels, rng):
    """Put together two digits that touch or stand close; sometimes only part of one."""
    left, right = (cropped(images[i]) for i in rng.integers(len(images), size=2))
    if rng.random() < 0.25:  # above one another
        return beside(left.T, right.T, int(rng.integers(-4, 5)), int(rng.integers(-6, 7))).max(0).T
    page = beside(left, right, int(rng.integers(-6, 4)), int(rng.integers(-8, 9)))
    both = page.max(axis=0)
    kind = rng.random()
    if kind < 0.4:
        return both
    inner = np.flatnonzero(page[0].max(axis=0) > 0.3)[-1]  # the last column of the first digit
    if kind < 0.7:  # and part of the second
        return both[:, : inner + 1 + int(right.shape[1] * rng.uniform(0.3, 0.75))]
    return both[:, max(0, int(inner + 1 - left.shape[1] * rng.uniform(0.3, 0.75))) :]


def cut_off(images, labels, rng):
    """Cut a whole digit from a touching one: a little is missing, or left of the other."""
    left, right = (cropped(images[i]) for i in rng.integers(len(images), size=2))
    page = beside(left, right, int(rng.integers(-3, 3)), int(rng.integers(-6, 7)))
    inner = np.flatnonzero(page[0].max(axis=0) > 0.3)[-1] + rng.integers(-1, 3)
    both = page.max(axis=0)[:, : inner + 1]
    if rng.random() < 0.5:
        return both
    outer = np.flatnonzero(page[1].max(axis=0) > 0.3)[0] + rng.integers(-2, 2)
    return page.max(axis=0)[:, max(outer, 0) :]


def piece(images, labels, rng):
    """Return part of a digit that is cut by a straight line."""
    image = images[rng.integers(len(images))]
    angle = rng.choice([0, np.pi / 2, np.pi, -np.pi / 2]) + rng.normal(0, 0.3)
    y, x = np.mgrid[:28, :28]
    along = x * np.cos(angle) + y * np.sin(angle)
    low, high = np.percentile(along[image > 0.3], [0, 100])
    return np.where(along < low + rng.uniform(0.25, 0.75) * (high - low), image, 0)


def letter(images, labels, rng):
    """Write one or two letters of a printed font."""
    font = ImageFont.truetype(rng.choice(FONTS), 40)
    picture = Image.new("L", (150, 90))
    text = "".join(rng.choice(list(LETTERS), 1 + (rng.random() < 0.2)))
    width = int(rng.integers(0, 3))
    ImageDraw.Draw(picture).text((20, 15), text, 255, font, stroke_width=width)
    return np.asarray(picture, np.float32) / 255


def shape(images, labels, rng):
    """Draw a polygon, star, cross, scribble, torn edge, dot or blob; no circle, which is a 0."""
    page = np.zeros((90, 110), np.uint8)
    kind, width = rng.integers(8), int(rng.integers(2, 8))
    middle, size = np.array([55, 45]), rng.uniform(15, 38, 2)
    if kind < 2:  # polygons and stars
        corners = rng.integers(3, 7)
        turn = rng.uniform(0, 2 * np.pi) + np.arange(corners) * 2 * np.pi / corners
        points = middle + size * np.stack([np.cos(turn), np.sin(turn)], 1)
        if kind and corners > 4:
            points = points[np.arange(corners) * 2 % corners]
        cv2.polylines(page, [points.astype(np.int32)], True, 255, width)
    elif kind == 2:  # rectangles
        low, high = (middle - size).astype(int), (middle + size).astype(int)
        cv2.rectangle(page, low.tolist(), high.tolist(), 255, -1 if rng.random() < 0.2 else width)
    elif kind == 3:  # crosses and other lines
        for _ in range(rng.integers(2, 5)):
            ends = (middle + rng.uniform(-1, 1, (2, 2)) * size).astype(int)
            cv2.line(page, ends[0].tolist(), ends[1].tolist(), 255, width)
    elif kind == 4:  # zigzags and scribbles
        points = middle + rng.uniform(-1, 1, (rng.integers(4, 12), 2)) * size
        cv2.polylines(page, [points.astype(np.int32)], False, 255, width)
    elif kind == 5:  # a lying line
        x, y = (55 * rng.uniform(0.3, 1), rng.uniform(0, 12))
        ends = np.array([[55 - x, 45 - y], [55 + x, 45 + y]]).astype(int)
        cv2.line(page, ends[0].tolist(), ends[1].tolist(), 255, width)
    elif kind == 6:  # the torn edge of a sheet
        steps = rng.normal(0, rng.uniform(1, 4), 100)
        steps[rng.integers(100) :] += rng.uniform(-1.5, 1.5)
        points = np.stack([np.arange(5, 105), (45 + np.cumsum(steps)).clip(3, 87)], 1)
        points = points[: rng.integers(30, 101)].astype(np.int32)
        cv2.polylines(page, [points], False, 255, width // 2 + 1)
        page = page if rng.random() < 0.6 else page.T
    elif rng.random() < 0.5:  # dots, dashes, commas
        axes = (int(rng.integers(4, 20)), int(rng.integers(4, 12)))
        cv2.ellipse(page, (55, 45), axes, int(rng.integers(0, 30)), 0, 360, 255, -1)
    else:  # blobs
        page = cv2.GaussianBlur(rng.normal(0, 1, page.shape), (0, 0), rng.uniform(2, 8))
        page = (255 * (page > rng.uniform(0.5, 1.5) * page.std())).astype(np.uint8)
    return page.astype(np.float32) / 255


def lined(images, labels, rng):
    """Return a digit with a line or a frame attached that is not part of it."""
    page = np.pad(images[rng.integers(len(images))], 12)
    width = int(rng.integers(1, 3))
    rows, columns = (np.flatnonzero(page.max(axis=axis) > 0.3) for axis in (1, 0))
    if rng.random() < 0.3:  # around it
        low = columns[0] - rng.integers(1, 9), rows[0] - rng.integers(1, 9)
        high = columns[-1] + rng.integers(1, 9), rows[-1] + rng.integers(1, 9)
        low, high = [int(v) for v in low], [int(v) for v in high]
        if rng.random() < 0.5:
            middle = [int(v) for v in np.add(low, high) // 2]
            half = [int(v) for v in np.subtract(high, low) * 0.6]
            cv2.ellipse(page, middle, half, 0, 0, 360, 1.0, width)
        else:
            cv2.rectangle(page, low, high, 1.0, width)
        return page
    if rng.random() < 0.5:
        page = np.ascontiguousarray(np.rot90(page))
        rows, columns = columns, 51 - rows[::-1]
    y = int(rows[-1] + rng.integers(-3, 2)) if rng.random() < 0.5 else int(rng.choice(rows))
    left = int(columns[0] - rng.integers(5, 12))
    right = int(columns[-1] + rng.integers(5, 12))
    cv2.line(page, (left, y), (right, y + int(rng.integers(-1, 2))), 1.0, width)
    return page


def turned(images, labels, rng):
    """Turn a digit by 90 degrees, or by 180 if that is not nearly a digit."""
    while True:
        index, turn = rng.integers(len(images)), rng.integers(1, 4)
        if labels[index] in (3, 4, 7) or (turn != 2 and labels[index] != 0):
            return np.rot90(images[index], turn)


DIGITS_CUT_OFF, NOT_DIGITS = 8_000, 56_000
KINDS = [
    (pair, 0.3),
    (piece, 0.2),
    (letter, 0.18),
    (shape, 0.12),
    (lined, 0.08),
    (turned, 0.12),
]


def make(kinds, images, labels, count, rng):
    """Return float32 (count, 28, 28): normalized images of these kinds, with their fractions."""
    makers, weights = zip(*kinds, strict=True)
    made = []
    while len(made) < count:
        image = normalize(rng.choice(makers, p=weights)(images, labels, rng))
        if image is not None:
            made.append(image)
    return np.stack(made)


def main():
    """Train the network, store it with its card, and print the card."""
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    (x, y), (x_valid, y_valid), (x_test, _) = load_split()
    digits = [x, draw_rare(DRAWN, rng)[0], make([(cut_off, 1)], x, y, DIGITS_CUT_OFF, rng)]
    digits, others = np.concatenate(digits), make(KINDS, x, y, NOT_DIGITS, rng)
    model = network()
    steps = (len(digits) + len(others)) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * steps, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    everything = np.concatenate([digits, others])
    is_digit = np.repeat(np.float32([1, 0]), [len(digits), len(others)])

    def next_epoch():
        order = rng.permutation(len(everything))[: steps * BATCH]
        images = everything[order]
        for part in range(0, len(images), 1000):
            images[part : part + 1000] = augment(images[part : part + 1000], rng)
        return images, is_digit[order]

    seconds = fit(model, next_epoch, EPOCHS)

    def accepted(images):
        return round(float((model.predict(images, 1000, verbose=0) > 0.5).mean()), 4)

    kinds = {
        f"accepted_{kind.__name__}": accepted(make([(kind, 1)], x_valid, y_valid, 500, rng))
        for kind in [cut_off, *(kind for kind, _ in KINDS)]
    }
    card = store(
        "whole_digit",
        model,
        made_by="data/models/whole_digit.py",
        seed=SEED,
        epochs=EPOCHS,
        seconds=round(seconds),
        accepted_validation_digits=accepted(x_valid),
        accepted_test_digits=accepted(x_test),
        **kinds,
    )
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
