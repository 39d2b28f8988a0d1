"""Train reference models again: ``python data/models/train.py [name ...]``.

"mlp" and "cnn" read pictures; "mlp_small" is for the interactive figures. They learn from the
55,000 training images and from 11,000 digits drawn here in shapes that are unusual
in MNIST (a 1 with a long flag, a crossed 7, an angular 9, ...: kind "rare" in
``data/handwriting/forms.csv``), all augmented anew in every epoch. The 5,000 validation images and
1,797 digits of 13 other writers (`load_other_writers`) served to choose what is written here.

Beside each model, ``<name>.json`` states how it was made and what it reaches.
"""

import argparse
import json
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import tensorflow as tf
from digits_helpers import DATA, augment, center_by_mass, load_split
from scipy.spatial import cKDTree

sys.path.append(str(DATA / "handwriting"))
from hand import Hand

SEED, BATCH, DRAWN = 0, 128, 11_000


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
    pen = rng.uniform(1.6, 4.5)  # pixels
    points *= (20 - pen) / points.max()
    height, width = np.ceil(points.max(axis=0) + pen).astype(int)
    pixels = np.mgrid[:height, :width].transpose(1, 2, 0) + 0.5 - pen / 2
    distance = cKDTree(points).query(pixels)[0]
    return center_by_mass(np.clip(pen / 2 + 0.5 - distance, 0, 1).astype(np.float32))


def train(name):
    """Train a reference model, store it with its card, and return the card."""
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

    def accuracy(images, labels):
        predicted = model.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
        return round(float(np.mean(predicted == labels)), 4)

    return store(
        name,
        model,
        made_by="data/models/train.py",
        seed=SEED,
        epochs=epochs,
        seconds=round(seconds),
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
    for name in parser.parse_args().names or MODELS:
        print(name, json.dumps(train(name), indent=2))
