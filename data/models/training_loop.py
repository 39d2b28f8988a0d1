"""Train the tutorials' networks of notebook 06: ``python data/models/training_loop.py``.

``training_loop.csv`` gets a row after iteration 0, every 100th and the last of each run: loss and
accuracy of the batch, of the 5,000 validation images and, after the last iteration, of the 10,000
test images. The tutorials print test accuracies, so theirs can only be compared with these; nothing
is chosen by them. All learn from the 55,000 training images, from ten seeds each.

A run that has its last row is not done again. With seeds after it, only those: two processes can
divide the work, ``python data/models/training_loop.py 0 1 2`` and ``... 3 4``.
"""

import sys
from itertools import pairwise

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from digits_helpers import DATA, load_split

TABLE = DATA / "models" / "training_loop.csv"
SEEDS = range(10)

# hidden layers, batch size, iterations
SHORT = ((512, 256, 128), 128, 1000)
LONG = ((256, 128, 64), 100, 5500)  # ten epochs

# name: size of the training, initializer of the weights, biases, dropout rate, activation
VARIANTS = {
    "as described": (SHORT, "truncated", 0.1, 0.5, "relu"),
    "as its code computes": (SHORT, "truncated", 0.1, 0.0, "linear"),
    "no activation": (SHORT, "truncated", 0.1, 0.5, "linear"),
    "no dropout": (SHORT, "truncated", 0.1, 0.0, "relu"),
    "biases 0": (SHORT, "truncated", 0.0, 0.5, "relu"),
    "He, biases 0": (SHORT, "he", 0.0, 0.5, "relu"),
    "Glorot, biases 0": (SHORT, "glorot", 0.0, 0.5, "relu"),
    "ten epochs, as described": (LONG, "truncated", 0.1, 0.5, "relu"),
    "ten epochs, no dropout": (LONG, "truncated", 0.1, 0.0, "relu"),
    "ten epochs, no activation": (LONG, "truncated", 0.1, 0.0, "linear"),
}


def tensors(images, labels):
    """Return images as rows of 784 numbers, and integer labels, as tensors."""
    return tf.constant(images.reshape(-1, 784)), tf.constant(labels.astype("int32"))


train_set, valid_set, test_set = (tensors(*part) for part in load_split())


def initialize(sizes, draw, bias):
    """Return dictionaries of weights, drawn at random, and of constant biases."""
    weights = {name: tf.Variable(draw(shape)) for name, shape in sizes.items()}
    biases = {name: tf.Variable(tf.fill([units], bias)) for name, (_, units) in sizes.items()}
    return weights, biases


def forward(x, weights, biases, rate=0.0, activation=tf.nn.relu):
    """Return the logits; a dropout rate above 0 is for training."""
    *hidden, out = weights
    for name in hidden:
        x = activation(x @ weights[name] + biases[name])
    if rate:
        x = tf.nn.dropout(x, rate)
    return x @ weights[out] + biases[out]


def cross_entropy(logits, y):
    """Return the mean loss of a batch."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    return tf.reduce_mean(losses)


def accuracy(logits, y):
    """Return the fraction of correct predictions."""
    correct = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), y)
    return tf.reduce_mean(tf.cast(correct, tf.float32))


def make_step(weights, biases, optimizer, rate=0.5, activation=tf.nn.relu):
    """Return the function that trains the network with one batch."""
    variables = [*weights.values(), *biases.values()]

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = cross_entropy(forward(x, weights, biases, rate, activation), y)
        optimizer.apply(tape.gradient(loss, variables), variables)

    return step


def batches(size, count, seed):
    """Yield so many batches of training images and labels, each epoch in a new order."""
    rng, order = np.random.default_rng(seed), []
    for _ in range(count):
        if len(order) < size:  # a new epoch, in a new order
            order = rng.permutation(len(train_set[0]))
        chosen, order = order[:size], order[size:]
        yield tf.gather(train_set[0], chosen), tf.gather(train_set[1], chosen)


def measure(x, y, weights, biases, activation):
    """Return loss and accuracy, without dropout, rounded."""
    logits = forward(x, weights, biases, activation=activation)
    return [round(float(function(logits, y)), 4) for function in (cross_entropy, accuracy)]


def run(variant, seed):
    """Train one network and write its rows."""
    (hidden, size, iterations), kind, bias, rate, activation = VARIANTS[variant]
    keras.utils.set_random_seed(seed)
    generator = keras.random.SeedGenerator(seed)
    draw = {
        "truncated": keras.initializers.TruncatedNormal(stddev=0.1, seed=generator),
        "he": keras.initializers.HeNormal(seed=generator),
        "glorot": keras.initializers.GlorotUniform(seed=generator),
    }[kind]
    names = [f"hidden {k}" for k in range(1, len(hidden) + 1)] + ["out"]
    sizes = dict(zip(names, pairwise([784, *hidden, 10]), strict=True))
    activation = {"relu": tf.nn.relu, "linear": tf.identity}[activation]
    weights, biases = initialize(sizes, draw, bias)
    step = make_step(weights, biases, keras.optimizers.Adam(1e-4), rate, activation)
    rows = []
    for t, (x, y) in enumerate(batches(size, iterations, seed)):
        step(x, y)
        if t % 100 == 0 or t == iterations - 1:
            row = {"variant": variant, "seed": seed, "iteration": t}
            row |= dict(
                zip(["loss", "accuracy"], measure(x, y, weights, biases, activation), strict=True)
            )
            found = measure(*valid_set, weights, biases, activation)
            rows.append(row | dict(zip(["val_loss", "val_accuracy"], found, strict=True)))
    rows[-1]["test_accuracy"] = measure(*test_set, weights, biases, activation)[1]
    columns = ["variant", "seed", "iteration", "loss", "accuracy", "val_loss", "val_accuracy"]
    pd.DataFrame(rows, columns=[*columns, "test_accuracy"]).to_csv(
        TABLE, mode="a", header=not TABLE.exists(), index=False, lineterminator="\n"
    )
    print(rows[-1], flush=True)


def done():
    """Return which runs have their last row."""
    if not TABLE.exists():
        return set()
    last = pd.read_csv(TABLE).dropna(subset="test_accuracy")
    return set(last[["variant", "seed"]].itertuples(index=False, name=None))


if __name__ == "__main__":
    for seed in [int(seed) for seed in sys.argv[1:]] or SEEDS:
        for variant in VARIANTS:
            if (variant, seed) not in done():
                run(variant, seed)
