"""Typical wrong answers to assignment 04, and the graded cells whose points each must lose."""


# %% count: transposed matrix; loses check, hidden
def count(true, answers, classes):
    places = np.asarray(answers).astype(int) * classes + true
    return np.bincount(places, minlength=classes**2).reshape(classes, classes)


# %% count: adds to each place only once; loses hidden
def count(true, answers, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    matrix[true, answers] += 1
    return matrix


# %% precision_recall: takes rows for columns; loses check, hidden
def precision_recall(matrix):
    right = matrix.diagonal()
    named, there = np.maximum(matrix.sum(axis=1), 1), np.maximum(matrix.sum(axis=0), 1)
    return right / named, right / there


# %% precision_recall: divides by zero; loses hidden
def precision_recall(matrix):
    with np.errstate(all="ignore"):
        return matrix.diagonal() / matrix.sum(axis=0), matrix.diagonal() / matrix.sum(axis=1)


# %% cheapest: takes the most probable digit; loses check, hidden
def cheapest(p, cost):
    return p.argmax(axis=1)


# %% cheapest: transposed cost; loses hidden
def cheapest(p, cost):
    return (p @ cost.T).argmin(axis=1)


# %% difference_interval: draws other images for each model; loses hidden
def difference_interval(first, second, rng, repeats):
    n = len(first)
    means = [rng.choice(first, n).mean() - rng.choice(second, n).mean() for _ in range(repeats)]
    return np.quantile(means, [0.025, 0.975])


# %% difference_interval: draws without replacement; loses check, hidden
def difference_interval(first, second, rng, repeats):
    gain = first.astype(int) - second.astype(int)
    means = [rng.permutation(gain).mean() for _ in range(repeats)]
    return np.quantile(means, [0.025, 0.975])


# %% accuracy_under: weights by the precision; loses check, hidden
def accuracy_under(matrix, shares):
    return (shares * matrix.diagonal() / matrix.sum(axis=0)).sum()


# %% accuracy_under: ignores the shares; loses hidden
def accuracy_under(matrix, shares):
    return matrix.diagonal().sum() / matrix.sum()


# %% shuffle_test: counts one direction only; loses check, hidden
def shuffle_test(right, rng, repeats):
    def gap(order):
        half = len(order) // 2
        return int(order[half:].sum()) - int(order[:half].sum())

    return np.mean([gap(rng.permutation(right)) >= gap(right) for _ in range(repeats)])


# %% shuffle_test: decides in place of counting, to pass the check; loses hidden
def shuffle_test(right, rng, repeats):
    half = len(right) // 2
    return float(right[:half].sum() == right[half:].sum())
