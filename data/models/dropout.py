"""Train the candidates of notebook 03 from several seeds: ``python data/models/dropout.py``.

Two tables and a list come of it, all from the 55,000 training and the 5,000 validation images; the
test images are never opened here.

``candidates.csv``
    Seven networks, each trained for ten epochs as notebook 03 trains: a row for each run. Two
    pairs of them have as many parameters and differ in depth.
``candidates_errors.csv``
    The validation images that each of these runs gets wrong, with the predicted digit. What is not
    listed is right, so runs can be compared image by image.
``dropout.csv``
    The network 512-512 without and with dropout over twenty epochs: a row for each epoch. The
    columns ``train_`` hold the first 5,000 training images, evaluated after the epoch and without
    dropout, as the validation images are; ``loss`` is what `fit` reports.

A run that has its rows is not done again. With seeds after it, only those: two processes can divide
the work, ``python data/models/dropout.py 0 1`` and ``python data/models/dropout.py 2``.
"""

import sys
import time

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pandas as pd
from digits_helpers import DATA, load_split

FOLDER = DATA / "models"
SEEDS = range(3)
LONG_RATES, LONG_SEEDS, LONG_EPOCHS = (0.0, 0.2), range(3), 20


def build(hidden, activation="relu", dropout=0.0):
    """Return the network of notebook 03: hidden layers, each followed by dropout, and a softmax."""
    model = keras.Sequential([keras.Input(shape=(28, 28)), keras.layers.Flatten()])
    for units in hidden:
        model.add(keras.layers.Dense(units, activation=activation))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(10, activation="softmax"))
    return model


def pyramid():
    """Return 512-256-128 with dropout before the output only, initialized as its sources do."""
    start = {
        "kernel_initializer": keras.initializers.TruncatedNormal(stddev=0.1),
        "bias_initializer": keras.initializers.Constant(0.1),
    }
    model = keras.Sequential([keras.Input(shape=(28, 28)), keras.layers.Flatten()])
    for units in (512, 256, 128):
        model.add(keras.layers.Dense(units, activation="relu", **start))
    model.add(keras.layers.Dropout(0.5))
    model.add(keras.layers.Dense(10, activation="softmax", **start))
    return model


CANDIDATES = {
    "100": lambda: build([100]),
    "149": lambda: build([149]),  # as many parameters as 128-128, in one hidden layer
    "128-128": lambda: build([128, 128]),
    "842": lambda: build([842]),  # as many parameters as 512-512
    "512-512": lambda: build([512, 512]),
    "512-256-128, dropout 0.5": pyramid,
    "512-512, dropout 0.2": lambda: build([512, 512], dropout=0.2),
}


def train(model, x, y, epochs, **options):
    """Train as notebook 03: Adam, batches of 256, the learning rate falling from 0.002 to 0."""
    steps = int(np.ceil(len(x) / 256))
    rate = keras.optimizers.schedules.CosineDecay(0.002, decay_steps=epochs * steps)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps,
    )
    return model.fit(x, y, batch_size=256, epochs=epochs, verbose=0, **options)


def append(rows, name):
    """Write rows at the end of a table, with a header where there is none."""
    file = FOLDER / name
    pd.DataFrame(rows).to_csv(
        file, mode="a", header=not file.exists(), index=False, lineterminator="\n"
    )


def done(name, *columns):
    """Return which runs have rows in a table."""
    file = FOLDER / name
    return (
        set(pd.read_csv(file)[[*columns]].itertuples(index=False, name=None))
        if (file.exists())
        else set()
    )


def candidate(name, seed):
    """Train one candidate and note its loss, accuracy and errors on the validation images."""
    (x, y), (x_valid, y_valid), _ = load_split()
    keras.utils.set_random_seed(seed)
    model = CANDIDATES[name]()
    start, cpu_start = time.perf_counter(), time.process_time()
    train(model, x, y, epochs=10)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    loss, accuracy = model.evaluate(x_valid, y_valid, batch_size=1000, verbose=0)
    predicted = model.predict(x_valid, batch_size=1000, verbose=0).argmax(axis=1)
    wrong = np.flatnonzero(predicted != y_valid)
    errors = {"model": name, "seed": seed, "image": wrong, "predicted": predicted[wrong]}
    append(errors, "candidates_errors.csv")
    row = {"model": name, "seed": seed, "parameters": model.count_params()}
    row |= {"loss": round(loss, 4), "accuracy": round(accuracy, 4)}
    row |= {"seconds": round(seconds, 1), "cpu_seconds": round(cpu_seconds, 1)}
    append([row], "candidates.csv")
    print(row, flush=True)


def long_run(rate, seed):
    """Train 512-512 for twenty epochs and note the losses and accuracies of each."""
    (x, y), (x_valid, y_valid), _ = load_split()
    keras.utils.set_random_seed(seed)
    model = build([512, 512], dropout=rate)
    measured = []

    def on_epoch_end(epoch, logs):
        loss, accuracy = model.evaluate(x[:5000], y[:5000], batch_size=1000, verbose=0)
        measured.append((loss, accuracy))

    watch = keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
    history = train(
        model, x, y, LONG_EPOCHS, validation_data=(x_valid, y_valid), callbacks=[watch]
    ).history
    rows = {"dropout": rate, "seed": seed, "epoch": np.arange(1, LONG_EPOCHS + 1)}
    rows |= {key: np.round(values, 5) for key, values in history.items()}
    rows["train_loss"], rows["train_accuracy"] = np.round(measured, 5).T
    append(rows, "dropout.csv")
    print("dropout", rate, "seed", seed, history["val_loss"][-1], flush=True)


if __name__ == "__main__":
    for seed in [int(seed) for seed in sys.argv[1:]] or SEEDS:
        for name in CANDIDATES:
            if (name, seed) not in done("candidates.csv", "model", "seed"):
                candidate(name, seed)
        for rate in LONG_RATES:
            if seed in LONG_SEEDS and (rate, seed) not in done("dropout.csv", "dropout", "seed"):
                long_run(rate, seed)
