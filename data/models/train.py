"""Train reference models again: ``python data/models/train.py [name ...]``.

"mlp" and "cnn" read pictures; "mlp_small" is for the interactive figures. They learn from the
55,000 training images and from 11,000 digits drawn here in shapes that are unusual
in MNIST (a 1 with a long flag, a crossed 7, an angular 9, ...: kind "rare" in
``data/handwriting/forms.csv``), all augmented anew in every epoch.

"mlp" and "cnn" then go through a second stage of a few epochs (`refine`), with more shapes, as they
are usual in other countries (a 1 whose flag is as long as its stem, a 4 like an L with a bar, a 9
with a foot, ...: kind "regional"), and with images of low resolution. What is stored is an average
of the weights after the first stage and after the second. ``--refine`` runs the second stage alone,
which then starts from whatever is stored.

The 5,000 validation images and 1,797 digits of 13 other writers (`load_other_writers`) served to
choose what is written here.

Beside each model, ``<name>.json`` states how it was made and what it reaches.
"""

import argparse
import json
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import tensorflow as tf
from digits_helpers import DATA, augment, center_by_mass, load_reference_model, load_split
from scipy.spatial import cKDTree

sys.path.append(str(DATA / "handwriting"))
from hand import Hand

SEED, BATCH, DRAWN = 0, 128, 11_000

REFINED = {"mlp": (5, 0.5), "cnn": (4, 0.6)}
"""Second stage: epochs, and the weight of the weights after it in the average of both stages."""

REPEATED, REGIONAL = 31_000, 9_000


def mlp():
    """Return the network that notebook 03 chooses."""
    layers = [keras.Input((28, 28)), keras.layers.Flatten()]
    for _ in range(2):
        layers += [keras.layers.Dense(512, activation="relu"), keras.layers.Dropout(0.2)]
    return keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])


def cnn():
    """Return five convolutions, two of which halve the image, and a hidden layer."""
    layers = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
    for channels, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1)]:
        layers += [
            keras.layers.Conv2D(channels, 3, stride, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.4)]
    layers += [keras.layers.Dense(128, activation="relu"), keras.layers.Dropout(0.3)]
    return keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])


def mlp_small():
    """Return a single hidden layer, small enough to show each unit's weights as an image."""
    decay = keras.regularizers.L2(1e-4)  # weights of pixels that are never bright fade to 0
    hidden = keras.layers.Dense(100, activation="relu", kernel_regularizer=decay)
    output = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), hidden, output])


MODELS = {"mlp": (mlp, 45), "cnn": (cnn, 20), "mlp_small": (mlp_small, 12)}  # and how many epochs


def draw_rare(count, rng):
    """Draw digits of unusual shapes: float32 (count, 28, 28) in [0, 1], and their labels."""
    labels = np.arange(count, dtype=np.uint8) % 10
    return np.stack([draw(str(label), rng) for label in labels]), labels


def draw(digit, rng):
    """Draw one digit with a round pen, placed as MNIST's are."""
    hand = Hand(rng, "rare")
    hand.breadth = rng.uniform(0.75, 1.6)
    hand.tremor *= rng.choice([1, 4])
    points = np.concatenate(hand.write(digit))[:, ::-1]  # row, column
    points -= points.min(axis=0)
    return draw_points(points, rng.uniform(1.6, 4.5))


def draw_points(points, pen):
    """Draw points (row, column) with a round pen of so many pixels."""
    points *= (20 - pen) / points.max()
    height, width = np.ceil(points.max(axis=0) + pen).astype(int)
    pixels = np.mgrid[:height, :width].transpose(1, 2, 0) + 0.5 - pen / 2
    distance = cKDTree(points).query(pixels)[0]
    return center_by_mass(np.clip(pen / 2 + 0.5 - distance, 0, 1).astype(np.float32))


def draw_regional(digit, rng):
    """Draw one digit of kind "regional", often stretched to a square or of straight pieces."""
    hand = Hand(rng, "regional")
    hand.breadth = rng.uniform(0.75, 1.6)
    hand.jitter *= rng.choice([1, 2.5])
    hand.tremor *= rng.choice([1, 4])
    strokes = hand.write(digit)
    if rng.random() < 0.3:  # as from a mouse that reports few positions
        step = int(rng.uniform(15, 45))
        strokes = [straighten(stroke, step) for stroke in strokes]
    points = np.concatenate(strokes)[:, ::-1]
    points -= points.min(axis=0)
    if rng.random() < 0.35:
        points *= points.max() / points.max(axis=0) * [1, rng.uniform(0.8, 1)]
    return draw_points(points, rng.uniform(1.4, 4.2))


def straighten(path, step):
    """Replace each ``step`` points of a path by a straight piece."""
    kept = np.append(np.arange(0, len(path) - 1, step), len(path) - 1)
    return np.stack([np.interp(np.arange(len(path)), kept, axis[kept]) for axis in path.T], 1)


def reduce_resolution(image, rng):
    """Crop an image to its ink, reduce it to 12 to 18 pixels, and scale it back to 20.

    Half are stretched to nearly a square, half get only two levels, as in other data sets.
    """
    rows, columns = (np.flatnonzero((image > 0.2).any(axis=axis)) for axis in (1, 0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    sides = np.array(ink.shape[::-1]) / max(ink.shape)
    if sides.min() > 0.4 and rng.random() < 0.5:
        sides = np.maximum(sides, rng.uniform(0.8, 1))
    small = np.maximum(np.rint(rng.integers(12, 19) * sides), 2).astype(int).tolist()
    ink = cv2.resize(ink, small, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        ink = (ink > rng.uniform(0.3, 0.6) * ink.max()).astype(np.float32)
    back = np.maximum(np.rint(20 * sides), 2).astype(int).tolist()
    return center_by_mass(cv2.resize(ink, back, interpolation=cv2.INTER_LINEAR))


def train(name, only_refine=False):
    """Train a reference model, store it with its card, and return the card."""
    if only_refine:
        return refine(name)
    train_first(name)
    return refine(name) if name in REFINED else read_card(name)


def read_card(name):
    """Return what is stored beside a model."""
    return json.loads((DATA / "models" / f"{name}.json").read_text("utf-8"))


def refine(name):
    """Go on with the stored weights: the second stage; return the card."""
    keras.utils.set_random_seed(SEED + 1)
    rng = np.random.default_rng(SEED + 1)
    (x, y), valid, test = load_split()
    x, y = (np.concatenate(pair) for pair in zip((x, y), draw_rare(DRAWN, rng), strict=True))
    order = "0111234445677899"  # those most often misread come more often
    labels = np.array([int(order[i % len(order)]) for i in range(REGIONAL)], np.uint8)
    drawn = np.stack([draw_regional(str(label), rng) for label in labels])
    model = MODELS[name][0]()
    first = load_reference_model(name).get_weights()
    model.set_weights(first)
    epochs, part_of_second = REFINED[name]
    steps = (REPEATED + REGIONAL) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(4e-4, epochs * steps, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")

    def next_epoch():
        again = rng.choice(len(x), REPEATED, replace=False)
        images = np.concatenate([x[again], drawn])
        labels_now = np.concatenate([y[again], labels])
        order = rng.permutation(len(images))[: steps * BATCH]
        images = images[order]
        for part in range(0, len(images), 1000):
            images[part : part + 1000] = augment(images[part : part + 1000], rng)
        for i in range(0, len(images), 8):
            if images[i].max() > 0.2:
                images[i] = reduce_resolution(images[i], rng)
        return images, labels_now[order]

    before = read_card(name)
    seconds = fit(model, next_epoch, epochs)
    average(model, first, part_of_second)
    return store_with_accuracy(
        name,
        model,
        valid,
        test,
        seed=SEED,
        epochs=before["epochs"],
        epochs_refined=epochs,
        seconds=round(before["seconds"] + seconds),
    )


def average(model, first, part_of_second):
    """Average the weights of both stages, which loses less of what the first has learned.

    Wortsman et al. (2022), "Robust fine-tuning of zero-shot models".
    """
    second = model.get_weights()
    model.set_weights([a + part_of_second * (b - a) for a, b in zip(first, second, strict=True)])


def train_first(name):
    """Train the first stage, and store it."""
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    (x, y), valid, test = load_split()
    rare, rare_labels = draw_rare(DRAWN, rng)
    x, y = np.concatenate([x, rare]), np.concatenate([y, rare_labels])
    build, epochs = MODELS[name]
    model = build()
    steps = len(x) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * steps, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")

    def next_epoch():
        order = rng.permutation(len(x))[: steps * BATCH]
        images = x[order]
        for part in range(0, len(images), 1000):
            images[part : part + 1000] = augment(images[part : part + 1000], rng)
        return images, y[order]

    seconds = fit(model, next_epoch, epochs)

    return store_with_accuracy(
        name, model, valid, test, seed=SEED, epochs=epochs, seconds=round(seconds)
    )


def store_with_accuracy(name, model, valid, test, **made):
    """Store a model; its card states the accuracy on the validation and the test images."""

    def accuracy(images, labels):
        predicted = model.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
        return round(float(np.mean(predicted == labels)), 4)

    return store(
        name,
        model,
        made_by="data/models/train.py",
        **made,
        validation_accuracy=accuracy(*valid),
        test_accuracy=accuracy(*test),
    )


def fit(model, next_epoch, epochs):
    """Train on images that are made anew for every epoch; return the seconds it took.

    ``next_epoch()`` returns images and labels; it makes those of the next epoch while one is
    trained.
    """
    start = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next_epoch)
        for epoch in range(epochs):
            images, labels = coming.result()
            if epoch + 1 < epochs:
                coming = pool.submit(next_epoch)
            model.fit(
                images, labels, BATCH, epoch + 1, initial_epoch=epoch, shuffle=False, verbose=2
            )
    return time.perf_counter() - start


def store(name, model, **made):
    """Store a model, and beside it a card with what is given and its size and versions."""
    card = made | {
        "parameters": model.count_params(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    path = DATA / "models" / f"{name}.keras"
    # not compiled, hence without the state of the optimizer, twice the size of the model
    keras.Sequential([keras.Input((28, 28)), *model.layers]).save(path)
    path.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    return card


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=" or ".join(MODELS))
    parser.add_argument("--refine", action="store_true", help="the second stage only")
    options = parser.parse_args()
    for name in options.names or (REFINED if options.refine else MODELS):
        print(name, json.dumps(train(name, options.refine), indent=2))
