"""Typical wrong answers to assignment 05, and the graded cells whose points each must lose."""


# %% normalize_polarity: always inverts; loses check, hidden
def normalize_polarity(gray):
    return 1 - gray


# %% normalize_polarity: compares with a middle gray; loses hidden
def normalize_polarity(gray):
    return 1 - gray if gray.mean() > 0.5 else gray


# %% fitted_size: stretches to a square; loses check, hidden
def fitted_size(height, width):
    return 20, 20


# %% fitted_size: lets a thin digit vanish; loses hidden
def fitted_size(height, width):
    factor = 20 / max(height, width)
    return round(factor * height), round(factor * width)


# %% center_digit: centers the bounding box; loses check, hidden
def center_digit(digit):
    height, width = digit.shape
    top, left = (28 - height) // 2, (28 - width) // 2
    return np.pad(digit, ((top, 28 - height - top), (left, 28 - width - left)))


# %% center_digit: cuts off the decimals; loses hidden
def center_digit(digit):
    row, column = center_of_mass(digit)
    top, left = 13 - int(row), 13 - int(column)
    height, width = digit.shape
    frame = np.zeros((28, 28))
    frame[top : top + height, left : left + width] = digit
    return frame


# %% composite: ignores the opacity; loses check, hidden
def composite(rgba, background):
    return rgba[..., :3].mean(axis=2)


# %% composite: takes every pixel for either transparent or opaque; loses hidden
def composite(rgba, background):
    return np.where(rgba[..., 3] > 127, rgba[..., :3].mean(axis=2), background)


# %% lowest_threshold: divides by all images, not by the accepted; loses check, hidden
def lowest_threshold(confidence, wrong, allowed):
    for threshold in np.unique(confidence):
        if (wrong & (confidence >= threshold)).mean() <= allowed:
            return threshold
    return np.inf


# %% lowest_threshold: gives up at the first mistake from the top; loses hidden
def lowest_threshold(confidence, wrong, allowed):
    found = np.inf
    for threshold in np.unique(confidence)[::-1]:
        if wrong[confidence >= threshold].mean() > allowed:
            break
        found = threshold
    return found


# %% accuracy_when_rotated: rotates the stack, not each picture; loses check, hidden
def accuracy_when_rotated(model, images, labels, angle):
    rotated = rotate(images, angle, reshape=False, order=1)
    return (model.predict(rotated, verbose=0).argmax(axis=1) == labels).mean()


# %% accuracy_when_rotated: rotates by at most 30 degrees, to pass the check; loses hidden
def accuracy_when_rotated(model, images, labels, angle):
    rotated = rotate(images, min(angle, 30), axes=(2, 1), reshape=False, order=1)
    return (model.predict(rotated, verbose=0).argmax(axis=1) == labels).mean()
