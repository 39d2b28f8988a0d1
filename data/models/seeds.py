"""Train each network of notebook 08 from several seeds: ``python data/models/seeds.py``.

Every run becomes a row of ``seeds.csv``, as soon as it has ended; a run that has a row there is not
done again. All learn from the 55,000 training images alone. The networks of seed 0 that notebook 08
looks into are stored, each with a card.
"""

import json
import platform
import time
from concurrent.futures import ThreadPoolExecutor

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import tensorflow as tf
from digits_helpers import (
    DATA,
    load_other_writers,
    load_samples,
    load_split,
    run_experiments,
    warp,
)

TABLE = DATA / "models" / "seeds.csv"
BATCH, STRENGTH = 128, 0.6


def mlp():
    """Return the network that notebook 03 chooses."""
    layers = [keras.Input((28, 28)), keras.layers.Flatten()]
    for _ in range(2):
        layers += [keras.layers.Dense(512, activation="relu"), keras.layers.Dropout(0.2)]
    return keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])


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
    """Return a convolution, batch normalisation and an activation."""
    return [
        keras.layers.Conv2D(channels, size, strides, padding="same", use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
    ]


# network, epochs, whether the rate falls along a cosine, whether the images are warped, seeds
RECIPES = {
    "cnn_warped": (cnn, 16, True, True, 3),
    "mlp_warped": (mlp, 40, True, True, 3),
    "cnn_unwarped": (cnn, 16, True, False, 3),
    "mlp_unwarped": (mlp, 40, True, False, 3),
    "mlp_claim": (mlp, 10, False, False, 10),
}
STORED = ["cnn_warped", "mlp_warped", "cnn_unwarped"]


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

    start, cpu_start = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(1) as pool:  # warps the next epoch while one is trained
        coming = pool.submit(next_epoch)
        for epoch in range(epochs):
            images, labels = coming.result()
            if epoch + 1 < epochs:
                coming = pool.submit(next_epoch)
            model.fit(
                images, labels, BATCH, epoch + 1, initial_epoch=epoch, shuffle=False, verbose=0
            )
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start

    def accuracy(images, labels):
        return round(model.evaluate(images, labels, batch_size=1000, verbose=0)[1], 4)

    reached = {
        "loss": round(model.evaluate(*valid, batch_size=1000, verbose=0)[0], 4),
        "validation": accuracy(*valid),
        "test": accuracy(*test),
        "other_writers": accuracy(*load_other_writers()),
        "samples": accuracy(*load_samples()),
        "parameters": model.count_params(),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
    }
    if seed == 0 and recipe in STORED:
        store(model, recipe, seed, reached)
    return reached


def store(model, recipe, seed, reached):
    """Store a network and its card."""
    card = {
        "made_by": "data/models/seeds.py",
        "seed": seed,
        "epochs": RECIPES[recipe][1],
        "seconds": round(reached["seconds"]),
        "parameters": reached["parameters"],
        "validation_accuracy": reached["validation"],
        "test_accuracy": reached["test"],
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    path = DATA / "models" / f"{recipe}.keras"
    # not compiled, hence without the state of the optimizer, twice the size of the model
    keras.Sequential([keras.Input((28, 28)), *model.layers]).save(path)
    path.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    wanted = [
        {"recipe": recipe, "seed": seed}
        for seed in range(10)
        for recipe, (*_, seeds) in RECIPES.items()
        if seed < seeds
    ]
    run_experiments(train, wanted, TABLE)
