"""Gradients with respect to pixels, and the smallest change that flips a prediction."""

from functools import lru_cache

import numpy as np


def pixel_gradients(model, images, labels, of="logit"):
    """Compute a logit, or the margin, of each image and its gradient with respect to the pixels.

    Parameters
    ----------
    model : keras.Sequential
        From images (28, 28) or (28, 28, 1) to probabilities; its last layer is dense, with softmax.
    images : array of shape (n, 28, 28)
        float32 from 0 to 1.
    labels : array of shape (n,)
        The class whose logit is meant, integers from 0 to 9.
    of : ``"logit"`` or ``"margin"``
        The margin is the logit of the label minus the largest of the other logits: the prediction
        is another class where it is negative.

    Returns
    -------
    values : numpy.ndarray
        float32 (n,).
    gradients : numpy.ndarray
        float32 (n, 28, 28).

    Raises
    ------
    ValueError
        If the last layer is not dense with softmax, or there is no such `of`.
    """
    import digits_helpers.quiet_tensorflow

    values, gradients = [], []
    function = _gradient_function(model, of)
    for start in range(0, len(images), 500):  # of a large network, memory for the feature maps
        some = np.asarray(images[start : start + 500], np.float32)
        one_hot = np.eye(10, dtype=np.float32)[labels[start : start + 500]]
        value, gradient = function(some.reshape(-1, *model.input_shape[1:]), one_hot)
        values.append(value.numpy())
        gradients.append(gradient.numpy().reshape(some.shape))
    return np.concatenate(values), np.concatenate(gradients)


def smallest_change(model, images, labels, steps=40):
    """Search for the smallest change of each image with which the model predicts another class.

    Small is meant as Euclidean length over all pixels (L2). If the margin (see `pixel_gradients`)
    were a linear function of the pixels, the smallest change would be known: along the gradient,
    as far as the margin is large. As it is not, two steps take turns. While the prediction is
    still the label, the image moves to where a linear margin would be just below 0: DeepFool, of
    Moosavi-Dezfooli et al. (2016). Once it is another, the length is noted, and the change goes
    half of the way to the one that would be smallest if the margin were linear: a step that Croce
    and Hein (2020) take in their attack.

    Parameters
    ----------
    model, images, labels : see `pixel_gradients`
    steps : int
        How many times the gradient is computed.

    Returns
    -------
    numpy.ndarray
        float32 (n, 28, 28): what to add to each image. The pixels of the sum are from 0 to 1. Zero
        where the model predicts another class already; NaN where no change was found. A shorter
        one may exist: the length is an upper bound.

    References
    ----------
    F. Croce and M. Hein, "Minimally distorted adversarial examples with a fast adaptive boundary
    attack", ICML (2020), arXiv:1907.02044.

    S.-M. Moosavi-Dezfooli, A. Fawzi and P. Frossard, "DeepFool: a simple and accurate method to
    fool deep neural networks", CVPR (2016), arXiv:1511.04599.
    """
    images = np.asarray(images, np.float32)
    change, best = np.zeros_like(images), np.full_like(images, np.nan)
    shortest = np.full(len(images), np.inf)
    for _ in range(steps):
        margin, gradient = pixel_gradients(model, images + change, labels, "margin")
        length = np.sqrt(np.sum(change**2, axis=(1, 2)))
        better = (margin < 0) & (length < shortest)
        shortest[better], best[better] = length[better], change[better]
        is_read = (margin >= 0)[:, None, None]
        # black cannot become darker, nor white brighter
        free = np.where(gradient > 0, images + change > 0, images + change < 1) * gradient
        onward = change - (1.02 * _per_image(margin, free) + 1e-5) * free
        free = np.where(gradient > 0, images > 0, images < 1) * gradient
        back = _per_image(np.sum(gradient * change, axis=(1, 2)) - margin, free) * free
        change = np.where(is_read, onward, (change + back) / 2)
        change = np.clip(images + change, 0, 1) - images
    return best


def _per_image(values, gradient):
    """Divide a value of each image by the squared length of its gradient: shape (n, 1, 1)."""
    return (values / np.maximum(np.sum(gradient**2, axis=(1, 2)), 1e-12))[:, None, None]


@lru_cache(maxsize=16)
def _gradient_function(model, of):
    """Return a compiled function of images and one-hot labels to values and their gradients."""
    import keras
    import tensorflow as tf

    last = model.layers[-1]
    kind = getattr(getattr(last, "activation", None), "__name__", None)
    if type(last).__name__ != "Dense" or kind != "softmax":
        raise ValueError(
            f"expected a dense layer with softmax at the end of the model, got {last.name} with "
            f"activation {kind}: the logits are taken in front of its softmax"
        )
    if of not in ("logit", "margin"):
        raise ValueError(f"expected 'logit' or 'margin' as of, got {of!r}")
    hidden = keras.Sequential([keras.Input(model.input_shape[1:]), *model.layers[:-1]])
    shape = tf.TensorSpec((None, *model.input_shape[1:])), tf.TensorSpec((None, 10))

    @tf.function(input_signature=shape)
    def function(images, one_hot):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = hidden(images, training=False) @ last.kernel
            if last.bias is not None:
                logits += last.bias
            value = tf.reduce_sum(logits * one_hot, axis=1)
            if of == "margin":
                value -= tf.reduce_max(logits - 1e9 * one_hot, axis=1)
        return value, tape.gradient(value, images)

    return function
