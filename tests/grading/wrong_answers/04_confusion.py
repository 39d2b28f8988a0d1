"""Typical wrong answers to assignment 04, and the graded cells whose points each must lose."""


# %% count: transposed matrix; loses check, hidden
def count(true, predicted, classes):
    cells = np.asarray(predicted).astype(int) * classes + true
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


# %% count: adds to each cell of the matrix only once; loses hidden
def count(true, predicted, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    matrix[true, predicted] += 1
    return matrix


# %% precision_recall: takes rows for columns; loses check, hidden
def precision_recall(matrix):
    correct = matrix.diagonal()
    predicted, true = np.maximum(matrix.sum(axis=1), 1), np.maximum(matrix.sum(axis=0), 1)
    return correct / predicted, correct / true


# %% precision_recall: divides by zero; loses hidden
def precision_recall(matrix):
    with np.errstate(all="ignore"):
        return matrix.diagonal() / matrix.sum(axis=0), matrix.diagonal() / matrix.sum(axis=1)


# %% lowest_cost: takes the most probable digit; loses check, hidden
def lowest_cost(p, cost):
    return p.argmax(axis=1)


# %% lowest_cost: transposed cost; loses hidden
def lowest_cost(p, cost):
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
def accuracy_under(matrix, proportions):
    return (proportions * matrix.diagonal() / matrix.sum(axis=0)).sum()


# %% accuracy_under: ignores the proportions; loses hidden
def accuracy_under(matrix, proportions):
    return matrix.diagonal().sum() / matrix.sum()


# %% permutation_test: counts one direction only; loses check, hidden
def permutation_test(correct, rng, repeats):
    def gap(order):
        half = len(order) // 2
        return int(order[half:].sum()) - int(order[:half].sum())

    return np.mean([gap(rng.permutation(correct)) >= gap(correct) for _ in range(repeats)])


# %% permutation_test: decides instead of counting, to pass the check; loses hidden
def permutation_test(correct, rng, repeats):
    half = len(correct) // 2
    return float(correct[:half].sum() == correct[half:].sum())
