"""Train each network of notebook 08 from several seeds: ``python data/models/seeds.py``.

Every run becomes a row of ``seeds.csv``, or of ``normalization.csv`` for those with and without
batch normalization, as soon as it has ended; a run that has a row there is not done again. All
learn from the 55,000 training images alone. The networks of seed 0 that notebook 08 looks into are
stored, each with a card; of those that it averages the predictions are stored (`predictions.npz`).
"""

import time

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
from digits_helpers import (
    DATA,
    load_other_writers,
    load_sample_pictures,
    load_split,
    run_experiments,
    warp,
)
from train import BATCH, fit, mlp, store

TABLE = DATA / "models" / "seeds.csv"
RATES = DATA / "models" / "normalization.csv"
PREDICTIONS = DATA / "models" / "predictions.npz"
STRENGTH = 0.6
STEPS = 55_000 // BATCH  # of an epoch


def cnn(normalized=True):
    """Return four convolutions, from 28 x 28 x 1 to 7 x 7 x 64, and one dense layer."""

    def convolution(channels, size, strides=1):
        """Return a convolution, batch normalization (or a bias instead) and an activation."""
        options = {"padding": "same", "use_bias": not normalized}
        layers = [keras.layers.Conv2D(channels, size, strides, **options)]
        layers += [keras.layers.BatchNormalization()] * normalized
        return [*layers, keras.layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            *convolution(32, 5, strides=2),
            *convolution(32, 3),
            keras.layers.MaxPooling2D(),
            *convolution(64, 3),
            *convolution(64, 3),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


# network, epochs, whether the rate falls along a cosine, whether the images are warped, seeds
RECIPES = {
    "cnn_augmented": (cnn, 12, True, True, 3),
    "mlp_augmented": (mlp, 40, True, True, 3),
    "cnn_unaugmented": (cnn, 12, True, False, 3),
    "mlp_unaugmented": (mlp, 40, True, False, 3),
    "mlp_claim": (mlp, 10, False, False, 10),
    "cnn_longer": (cnn, 22, True, True, 3),
}
PREDICTED = "cnn_longer"
STORED = ["mlp_unaugmented", "mlp_augmented", "cnn_unaugmented", "cnn_augmented"]


def compile_model(model, rate):
    """Compile a model for Adam at a rate or schedule; an epoch is one call of TensorFlow."""
    model.compile(
        keras.optimizers.Adam(rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=STEPS,
    )


def draw_epochs(x, y, seed, warped):
    """Return a function that gives the images of an epoch, in another order each time."""
    rng = np.random.default_rng(seed)

    def next_epoch():
        order = rng.permutation(len(x))[: STEPS * BATCH]
        images = x[order]
        if warped:
            parts = np.split(images, range(1000, len(images), 1000))
            images = np.concatenate([warp(part, rng, STRENGTH) for part in parts])
        return images, y[order]

    return next_epoch


def train(recipe, seed):
    """Train one network, store it if it is to be stored, and return what it reaches."""
    build, epochs, falling, warped, _ = RECIPES[recipe]
    keras.utils.set_random_seed(seed)
    (x, y), valid, test = load_split()
    model = build()
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * STEPS) if falling else 1e-3
    compile_model(model, rate)
    before = time.process_time()
    seconds = fit(model, draw_epochs(x, y, seed, warped), epochs)
    cpu_seconds = time.process_time() - before

    def accuracy(images, labels):
        return round(model.evaluate(images, labels, batch_size=1000, verbose=0)[1], 4)

    reached = {
        "loss": round(model.evaluate(*valid, batch_size=1000, verbose=0)[0], 4),
        "validation": accuracy(*valid),
        "test": accuracy(*test),
        "other_writers": accuracy(*load_other_writers()),
        "pictures": accuracy(*load_sample_pictures()),
        "parameters": model.count_params(),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
    }
    if seed == 0 and recipe in STORED:
        store(
            recipe,
            model,
            made_by="data/models/seeds.py",
            seed=seed,
            epochs=epochs,
            seconds=round(seconds),
            validation_accuracy=reached["validation"],
            test_accuracy=reached["test"],
        )
    if recipe == PREDICTED:
        keep_predictions(model, seed, {"valid": valid[0], "test": test[0]})
    return reached


def keep_predictions(model, seed, sets):
    """Add to ``predictions.npz`` what a network predicts, in ten-thousandths, as uint16 (n, 10).

    For each set of images: as they are, the mean over five positions, and the mean over the image
    and eight warped copies of it.
    """
    stored = dict(np.load(PREDICTIONS)) if PREDICTIONS.exists() else {}
    for name, images in sets.items():
        rng = np.random.default_rng(seed)
        moves = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
        versions = {
            "plain": [images],
            "shifted": [np.roll(images, move, axis=(1, 2)) for move in moves],
            "warped": [images] + [warp(images, rng, STRENGTH) for _ in range(8)],
        }
        for version, copies in versions.items():
            predicted = [model.predict(x, batch_size=1000, verbose=0) for x in copies]
            mean = np.mean(predicted, axis=0)
            stored[f"{name}_{version}_{seed}"] = np.rint(10_000 * mean).astype(np.uint16)
    np.savez_compressed(PREDICTIONS, **stored)


def train_briefly(normalized, rate, seed):
    """Train for one epoch, with or without batch normalization; return what it reaches."""
    keras.utils.set_random_seed(seed)
    (x, y), valid, _ = load_split()
    model = cnn(normalized)
    compile_model(model, keras.optimizers.schedules.CosineDecay(rate, STEPS))
    model.fit(*draw_epochs(x, y, seed, warped=False)(), BATCH, shuffle=False, verbose=0)
    loss, accuracy = model.evaluate(*valid, batch_size=1000, verbose=0)
    return {"loss": round(loss, 4), "validation": round(accuracy, 4)}


if __name__ == "__main__":
    wanted = [
        {"recipe": recipe, "seed": seed}
        for seed in range(10)
        for recipe, (*_, seeds) in RECIPES.items()
        if seed < seeds
    ]
    run_experiments(train, wanted, TABLE)
    briefly = [
        {"normalized": normalized, "rate": rate, "seed": seed}
        for seed in range(3)
        for rate in (0.0005, 0.002, 0.008, 0.032)
        for normalized in (True, False)
    ]
    run_experiments(train_briefly, briefly, RATES)
