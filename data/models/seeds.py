"""Train each network of notebook 08 from several seeds: ``python data/models/seeds.py``.

Every run becomes a row of ``seeds.csv``, as soon as it has ended; a run that has a row there is not
done again. All learn from the 55,000 training images alone. The networks of seed 0 that notebook 08
looks into are stored, each with a card.
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
STRENGTH = 0.6


def cnn():
    """Return four convolutions, from 28 x 28 x 1 to 7 x 7 x 64, and one dense layer."""
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


def convolution(channels, size, strides=1):
    """Return a convolution, batch normalization and an activation."""
    return [
        keras.layers.Conv2D(channels, size, strides, padding="same", use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
    ]


# network, epochs, whether the rate falls along a cosine, whether the images are warped, seeds
RECIPES = {
    "cnn_augmented": (cnn, 12, True, True, 3),
    "mlp_augmented": (mlp, 40, True, True, 3),
    "cnn_unaugmented": (cnn, 12, True, False, 3),
    "mlp_unaugmented": (mlp, 40, True, False, 3),
    "mlp_claim": (mlp, 10, False, False, 10),
}
STORED = ["mlp_unaugmented", "mlp_augmented", "cnn_unaugmented", "cnn_augmented"]


def train(recipe, seed):
    """Train one network, store it if it is to be stored, and return what it reaches."""
    build, epochs, falling, warped, _ = RECIPES[recipe]
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    (x, y), valid, test = load_split()
    steps = len(x) // BATCH
    model = build()
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * steps) if falling else 1e-3
    model.compile(
        keras.optimizers.Adam(rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps,
    )

    def next_epoch():
        order = rng.permutation(len(x))[: steps * BATCH]
        images = x[order]
        if warped:
            parts = np.split(images, range(1000, len(images), 1000))
            images = np.concatenate([warp(part, rng, STRENGTH) for part in parts])
        return images, y[order]

    before = time.process_time()
    seconds = fit(model, next_epoch, epochs)
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
    return reached


if __name__ == "__main__":
    wanted = [
        {"recipe": recipe, "seed": seed}
        for seed in range(10)
        for recipe, (*_, seeds) in RECIPES.items()
        if seed < seeds
    ]
    run_experiments(train, wanted, TABLE)
