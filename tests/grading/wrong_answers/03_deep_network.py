"""Typical wrong answers to assignment 03, and the graded cells whose points each must lose."""


# %% collapse: multiplies in the wrong order, transposed; loses check, hidden
def collapse(layers):
    weights, biases = layers[0]
    for w, b in layers[1:]:
        weights, biases = w.T @ weights.T, biases @ w + b
    return weights, biases


# %% collapse: adds the biases without sending them through the next layer; loses hidden
def collapse(layers):
    weights, biases = layers[0][0], layers[-1][1].copy()
    for w, b in layers[1:]:
        weights, biases = weights @ w, biases + b.sum()
    return weights, biases


# %% dropout: takes the rate for the fraction that is kept; loses check, hidden
def dropout(values, rate, rng, training):
    if not training:
        return values
    return values * (rng.random(values.shape) < rate) / rate


# %% dropout: does not scale up what stays; loses hidden
def dropout(values, rate, rng, training):
    return values * (rng.random(values.shape) >= rate) if training else values


# %% dead_neurons: counts neurons that give 0 for some image; loses check, hidden
def dead_neurons(w, b, x):
    return int((x @ w + b <= 0).any(axis=0).sum())


# %% dead_neurons: looks at the biases only; loses hidden
def dead_neurons(w, b, x):
    return int((b < 0).sum())


# %% early_stop: takes the best of all epochs, run or not; loses check, hidden
def early_stop(losses, patience):
    return len(losses), int(np.argmin(losses)) + 1


# %% early_stop: takes an equal loss for an improvement; loses hidden
def early_stop(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss <= losses[best - 1]:
            best = epoch
        if epoch - best == patience:
            return epoch, best
    return len(losses), best


# %% build: three neurons on all pixels; loses check, hidden
def build():
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(3, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    return model


# %% build: dropout after the softmax; loses hidden
def build():
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))])
    model.add(keras.layers.AveragePooling2D(4))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(40, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.add(keras.layers.Dropout(0.1))
    return model


# %% corrupt_labels: changes the labels that were passed in; loses check
def corrupt_labels(labels, fraction, rng):
    indices = rng.choice(len(labels), size=round(fraction * len(labels)), replace=False)
    labels[indices] = (labels[indices] + rng.integers(1, 10, size=len(indices))) % 10
    return labels


# %% corrupt_labels: may draw the same digit again; loses hidden
def corrupt_labels(labels, fraction, rng):
    noisy = labels.copy()
    indices = rng.choice(len(labels), size=round(fraction * len(labels)), replace=False)
    noisy[indices] = rng.integers(0, 10, size=len(indices))
    return noisy
