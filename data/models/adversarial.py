"""Train the small networks of notebook 10: ``python data/models/adversarial.py``.

Two networks, each from three seeds in three ways: on the images as they are, on augmented ones
(`warp`), and on adversarial ones (Madry et al. 2018): before each step of the optimizer, every
image of the batch is changed so that the loss rises, by at most `LARGEST` in Euclidean length.
Every run becomes a row of ``adversarial.csv``; a run that has a row there is not done again. The
convolutional networks of seed 0 that notebook 10 looks into are stored, each with a card.

References
----------
A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu, "Towards deep learning models resistant
to adversarial attacks", ICLR (2018), arXiv:1706.06083.
"""

import time

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import seeds
import tensorflow as tf
from digits_helpers import DATA, load_split, run_experiments, smallest_change
from train import fit, store

TABLE = DATA / "models" / "adversarial.csv"
EPOCHS, SEEDS, COUNT = 6, 3, 200
LARGEST, STEPS, STEP = 1.5, 4, 0.6  # the length of a change, gradients for it, length of each step
TRAININGS = ["plain", "augmented", "adversarial"]
STORED = {"plain": "cnn_small", "adversarial": "cnn_adversarial"}


def mlp():
    """Return two hidden layers of 128 units."""
    layers = [keras.layers.Dense(128, activation="relu") for _ in range(2)]
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            *layers,
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def cnn():
    """Return two convolutions, each of which halves the image, and a dense layer."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(16, 5, 2, padding="same", activation="relu"),
            keras.layers.Conv2D(32, 3, 2, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


NETWORKS = {"MLP": mlp, "CNN": cnn}


class Adversarial(keras.Sequential):
    """A network that is trained on images changed against it."""

    def train_step(self, data):
        """Change the images of a batch by projected gradient ascent, then train on them."""
        images, labels = data
        noise = tf.random.normal(tf.shape(images))
        reach = LARGEST * tf.random.uniform([tf.shape(images)[0], 1, 1])
        changed = tf.clip_by_value(images + reach * noise / length(noise), 0, 1)
        for _ in range(STEPS):
            with tf.GradientTape() as tape:
                tape.watch(changed)
                loss = keras.losses.sparse_categorical_crossentropy(labels, self(changed))
            gradient = tape.gradient(loss, changed)
            change = changed + STEP * gradient / length(gradient) - images
            change *= tf.minimum(1.0, LARGEST / length(change))
            changed = tf.clip_by_value(images + change, 0, 1)
        return super().train_step((changed, labels))


def length(change):
    """Return the Euclidean length of each image, shape (n, 1, 1)."""
    return tf.sqrt(tf.reduce_sum(change**2, axis=(1, 2), keepdims=True) + 1e-12)


def train(network, training, seed):
    """Train one network, store it if it is to be stored, and return what it reaches."""
    keras.utils.set_random_seed(seed)
    (x, y), valid, test = load_split()
    model = NETWORKS[network]()
    if training == "adversarial":
        model = Adversarial([keras.Input((28, 28)), *model.layers])
    seeds.compile_model(model, keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * seeds.STEPS))
    before = time.process_time()
    seconds = fit(model, seeds.draw_epochs(x, y, seed, warped=training == "augmented"), EPOCHS)
    cpu_seconds = time.process_time() - before
    loss, validation = model.evaluate(*valid, batch_size=1000, verbose=0)
    changes = smallest_change(model, valid[0][:COUNT], valid[1][:COUNT], steps=100)
    lengths = np.sqrt(np.sum(changes**2, axis=(1, 2)))
    reached = {
        "loss": round(loss, 4),
        "validation": round(validation, 4),
        "test": round(model.evaluate(*test, batch_size=1000, verbose=0)[1], 4),
        "quarter": round(float(np.quantile(lengths, 0.25)), 3),
        "median": round(float(np.median(lengths)), 3),
        "three_quarters": round(float(np.quantile(lengths, 0.75)), 3),
        "parameters": model.count_params(),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
    }
    if seed == 0 and network == "CNN" and training in STORED:
        store(
            STORED[training],
            model,
            made_by="data/models/adversarial.py",
            seed=seed,
            epochs=EPOCHS,
            seconds=round(seconds),
            validation_accuracy=reached["validation"],
            test_accuracy=reached["test"],
        )
    return reached


if __name__ == "__main__":
    wanted = [
        {"network": network, "training": training, "seed": seed}
        for seed in range(SEEDS)
        for network in NETWORKS
        for training in TRAININGS
    ]
    run_experiments(train, wanted, TABLE)
