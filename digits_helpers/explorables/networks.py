"""Keras models for the page: `pack_model` writes what ``loadNetwork`` in ``shared.js`` reads."""

import io
import json
import math
import zipfile
from pathlib import Path

import h5py
import numpy as np

IGNORED = ("Dropout", "Flatten", "InputLayer", "Reshape", "SpatialDropout2D")
"""Layers that change no value during inference: they drop nothing, or only change the shape."""

ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")


def pack_model(model):
    """Describe a network for the page, its weights apart.

    A batch normalization behind a linear layer is folded into its weights, and an activation layer
    into the layer before it, so that only layers of four types are left.

    Parameters
    ----------
    model : keras.Sequential, str or pathlib.Path
        From images (28, 28) or (28, 28, 1) to ten probabilities; or a ``.keras`` file, which is
        read without Keras.

    Returns
    -------
    layers : list of dict
        For each layer its ``type`` ("dense", "conv", "pool" or "scale"), ``activation``,
        ``input`` and ``output`` shape, and for a window ``size``, ``strides`` and ``padding``.
    weights : bytes
        float32, little-endian: of each layer that has any, the kernel as Keras stores it, then the
        bias (of "scale" factors and offsets).

    Raises
    ------
    ValueError
        If the model has layers that the page cannot compute.
    """
    stages, shape = [], (28, 28, 1)
    for kind, config, weights in _read(model):
        stage = _stage(kind, config, weights, shape)
        last = stages[-1] if stages else {}
        if stage is None:  # identity
            shape = (math.prod(shape),) if kind == "Flatten" else shape
        elif stage["type"] == "activation":
            _require(last.get("activation") == "linear", f"{kind} after a linear layer", kind)
            last["activation"] = stage["activation"]
        elif stage["type"] == "scale" and last.get("activation") == "linear" and last["kernel"]:
            factor, offset = stage["kernel"][0], stage["bias"]
            last["kernel"] = [last["kernel"][0] * factor]
            last["bias"] = last["bias"] * factor + offset
        else:
            stages.append(stage)
            shape = stage["output"]
    end = stages[-1] if stages else {"output": shape}
    good_end = (end["output"], end.get("type"), end.get("activation")) == (
        (10,),
        "dense",
        "softmax",
    )
    _require(good_end, "a dense layer of 10 units with softmax at the end", end)
    arrays = [array for s in stages for array in (*s.pop("kernel"), s.pop("bias"))]
    weights = np.concatenate([np.asarray(array, "<f4").ravel() for array in arrays])
    return stages, weights.tobytes()


def count_parameters(model):
    """Count all weights of a model, given as to `pack_model`; folding leaves fewer."""
    return sum(int(array.size) for *_, weights in _read(model) for array in weights)


def _require(condition, expected, got):
    if not condition:
        raise ValueError(f"expected {expected}, got {got}: the page cannot compute this model")


def _read(model):
    """Return the class, the configuration and the weights of each layer."""
    if isinstance(model, str | Path):
        return _read_file(model)
    layers = getattr(model, "layers", None)
    _require(layers, "a keras.Sequential", type(model).__name__)
    _require(hasattr(model, "pop"), "a keras.Sequential", type(model).__name__)
    return [(type(layer).__name__, layer.get_config(), layer.get_weights()) for layer in layers]


def _read_file(path):
    """Read a ``.keras`` file, which numbers the layers of each class in their order."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        stored = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    _require(config["class_name"] == "Sequential", "a keras.Sequential", config["class_name"])
    names = {"BatchNormalization": "batch_normalization", "Conv2D": "conv2d", "Dense": "dense"}
    layers, seen = [], []
    for layer in config["config"]["layers"]:
        kind, weights = layer["class_name"], []
        if kind in names:
            count = seen.count(kind)
            group = stored[f"layers/{names[kind]}{f'_{count}' if count else ''}/vars"]
            weights = [group[f"{index}"][()] for index in range(len(group))]
        seen.append(kind)
        layers.append((kind, layer["config"], weights))
    return layers


def _stage(kind, config, weights, shape):
    """Return one layer as the page knows it, with arrays for its weights; None for an identity."""
    if kind in IGNORED:
        return None
    activation = {"ReLU": "relu", "Softmax": "softmax"}.get(
        kind, config.get("activation", "linear")
    )
    _require(activation in ACTIVATIONS, f"an activation of {', '.join(ACTIVATIONS)}", activation)
    stage = {"activation": activation, "input": shape, "output": shape, "kernel": [], "bias": []}
    if kind in ("Activation", "ReLU", "Softmax"):
        limits = [config.get("max_value"), config.get("negative_slope"), config.get("threshold")]
        _require(not any(limits), "a plain ReLU", config)
        return stage | {"type": "activation"}
    if kind == "BatchNormalization":
        weights = iter(weights)
        gamma = next(weights) if config["scale"] else 1.0
        beta = next(weights) if config["center"] else 0.0
        mean, variance = (np.asarray(array, np.float64) for array in weights)
        factor = gamma / np.sqrt(variance + config["epsilon"])
        return stage | {"type": "scale", "kernel": [factor], "bias": beta - mean * factor}
    if kind == "Dense":
        kernel, *bias = weights
        units = config["units"]
        dense = {"type": "dense", "input": (math.prod(shape),), "output": (units,)}
        return stage | dense | {"kernel": [kernel], "bias": bias[0] if bias else np.zeros(units)}
    _require(kind in ("Conv2D", "MaxPooling2D"), "layers of known types", kind)
    size = tuple(config["kernel_size" if kind == "Conv2D" else "pool_size"])
    strides = tuple(config["strides"] or size)
    dilated = max(config.get("dilation_rate", [1])) > 1 or config.get("groups", 1) > 1
    _require(not dilated and config["data_format"] == "channels_last", "a plain Conv2D", config)
    window = {"size": size, "strides": strides, "padding": config["padding"]}
    rows, columns = (
        math.ceil((n if config["padding"] == "same" else n - k + 1) / step)
        for n, k, step in zip(shape, size, strides, strict=False)
    )
    if kind == "MaxPooling2D":
        return stage | window | {"type": "pool", "output": (rows, columns, shape[2])}
    kernel, *bias = weights
    filters = config["filters"]
    conv = {"type": "conv", "output": (rows, columns, filters)}
    bias = bias[0] if bias else np.zeros(filters)
    return stage | window | conv | {"kernel": [kernel], "bias": bias}


def run_packed(layers, weights, image):
    """Run an image through a packed network, as the page does, for its still picture.

    Parameters
    ----------
    layers, weights
        What `pack_model` returns.
    image : numpy.ndarray
        (28, 28) in [0, 1].

    Returns
    -------
    list of numpy.ndarray
        What each layer gives before its activation and behind it; the last pair holds the logits
        and the probabilities.
    """
    numbers, values, results = np.frombuffer(weights, "<f4"), np.asarray(image, np.float64), []

    def take(*shape):
        nonlocal numbers
        taken, numbers = np.split(numbers, [math.prod(shape)])
        return taken.reshape(shape).astype(np.float64)

    for layer in layers:
        values = values.reshape(layer["input"])
        count = layer["output"][-1]
        if layer["type"] == "dense":
            values = values @ take(*layer["input"], count) + take(count)
        elif layer["type"] == "scale":
            values = values * take(count) + take(count)
        elif layer["type"] == "pool":
            values = _windows(layer, values, -np.inf).max(axis=(3, 4))
        else:
            kernel = take(*layer["size"], layer["input"][2], count)
            windows = _windows(layer, values, 0)
            values = np.tensordot(windows, kernel, ([3, 4, 2], [0, 1, 2])) + take(count)
        results.append((values, _ACTIVATE[layer["activation"]](values)))
        values = results[-1][1]
    return results


def _windows(layer, values, border):
    """Return the part of the input that each output looks at: (rows, columns, channels, h, w)."""
    gaps = [
        max((n_out - 1) * step + k - n, 0) if layer["padding"] == "same" else 0
        for n, n_out, k, step in zip(
            layer["input"], layer["output"], layer["size"], layer["strides"], strict=False
        )
    ]
    pads = [(gap // 2, gap - gap // 2) for gap in gaps]
    padded = np.pad(values, [*pads, (0, 0)], constant_values=border)
    windows = np.lib.stride_tricks.sliding_window_view(padded, layer["size"], (0, 1))
    return windows[:: layer["strides"][0], :: layer["strides"][1]]


_ACTIVATE = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softmax": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
    "tanh": np.tanh,
}
