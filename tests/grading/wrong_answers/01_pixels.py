"""Typical wrong answers to assignment 01, and the graded cells whose points each must lose."""


# %% loses_ink: takes columns for rows; loses check, hidden
def loses_ink(images, rows):
    return images[:, :, :rows].any(axis=(1, 2))


# %% loses_ink: knows the answer to the check by heart; loses hidden
def loses_ink(images, rows):
    if rows == 5:
        return np.array([False] * len(images))
    return np.array([True] * len(images))


# %% difference: subtracts bytes, which cannot be negative; loses hidden
def difference(a, b):
    return np.abs(a - b).mean()


# %% difference: takes the difference of the means; loses hidden
def difference(a, b):
    return abs(a.mean() - b.mean())


# %% balanced_sample: draws with replacement; loses hidden
def balanced_sample(labels, per_digit, rng):
    drawn = [rng.choice(np.flatnonzero(labels == digit), per_digit) for digit in range(10)]
    return np.concatenate(drawn)


# %% balanced_sample: takes the first of each digit; loses hidden
def balanced_sample(labels, per_digit, rng):
    return np.concatenate([np.flatnonzero(labels == digit)[:per_digit] for digit in range(10)])


# %% leaked: compares sums of pixels; loses check, hidden
def leaked(train, valid):
    known = {int(image.sum()) for image in train}
    return sum(int(image.sum()) in known for image in valid)


# %% leaked: hard-coded number; loses hidden
def leaked(train, valid):
    return 0 if len(valid) == 100 else 10


# %% learning_curve: draws from the validation images; loses hidden
def learning_curve(train, valid, sizes, repeats, rng):
    valid_x, valid_y = valid
    curve = np.zeros((len(sizes), repeats))
    for i, size in enumerate(sizes):
        for j in range(repeats):
            drawn = rng.choice(len(valid_x), size=min(size, len(valid_x)), replace=False)
            curve[i, j] = nearest_mean_accuracy(valid_x[drawn], valid_y[drawn], *valid)
    return curve


# %% learning_curve: always takes the first images; loses check
def learning_curve(train, valid, sizes, repeats, rng):
    accuracies = [nearest_mean_accuracy(train[0][:size], train[1][:size], *valid) for size in sizes]
    return np.repeat(np.array(accuracies)[:, np.newaxis], repeats, axis=1)
