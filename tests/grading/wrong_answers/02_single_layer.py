"""Typical wrong answers to assignment 02, and the graded cells whose points each must lose."""


# %% count_parameters: forgets the biases; loses check, hidden
def count_parameters(sizes):
    return sum(inputs * neurons for inputs, neurons in pairwise(sizes))


# %% count_parameters: knows the two networks of the check by heart; loses hidden
def count_parameters(sizes):
    return {2: 7850, 3: 11}[len(sizes)]


# %% losses: takes the logarithm of a probability that is 0; loses hidden
def losses(logits, labels):
    with np.errstate(divide="ignore"):
        return -np.log(softmax(logits)[np.arange(len(labels)), labels])


# %% losses: applies the softmax twice; loses check, hidden
def losses(logits, labels):
    return -np.log(softmax(softmax(logits))[np.arange(len(labels)), labels])


# %% lowest_loss: believes that a loss can always reach 0; loses check, hidden
def lowest_loss(classes):
    return 0.0


# %% lowest_loss: hard-coded number for ten classes; loses hidden
def lowest_loss(classes):
    return 1.4612


# %% gradient: forgets to divide by the number of images; loses hidden
def gradient(w, b, x, t, decay):
    error = softmax(x @ w + b) - t
    return x.T @ error + decay * w, error.sum(axis=0)


# %% gradient: forgets the new term; loses hidden
def gradient(w, b, x, t, decay):
    error = softmax(x @ w + b) - t
    return x.T @ error / len(x), error.mean(axis=0)


# %% build: forgets the scaling; loses hidden
def build(w, b):
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.layers[-1].set_weights([w, b])
    return model


# %% build: softmax twice; loses hidden
def build(w, b):
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Rescaling(1 / 255)])
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.layers[-1].set_weights([w, b])
    model.add(keras.layers.Softmax())
    return model


# %% shuffle_pixels: draws an order of its own for the validation images; loses check, hidden
def shuffle_pixels(train_x, valid_x, rng):
    return train_x[:, rng.permutation(784)], valid_x[:, rng.permutation(784)]


# %% shuffle_pixels: shuffles nothing; loses hidden
def shuffle_pixels(train_x, valid_x, rng):
    return train_x.copy(), valid_x.copy()
