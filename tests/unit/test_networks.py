"""What `pack_model` packs, and what it refuses; the page's side is tested in ``browser/``."""

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pytest
from digits_helpers import DATA, load_mnist, load_reference_model
from digits_helpers.explorables.networks import count_parameters, pack_model, run_packed

layers = keras.layers
STORED = ["single_layer", "mlp_small", "cnn", "cnn_augmented"]


@pytest.mark.parametrize("name", STORED)
def test_a_file_is_packed_as_the_model_in_it_without_keras(name):
    model, path = load_reference_model(name), DATA / "models" / f"{name}.keras"
    assert pack_model(path) == pack_model(f"{path}") == pack_model(model)
    assert count_parameters(path) == count_parameters(model) == model.count_params()


@pytest.mark.parametrize("name", STORED)
def test_a_packed_network_computes_the_probabilities_of_keras(name):
    model = load_reference_model(name)
    images = load_mnist()[1][0][:20] / 255
    packed = pack_model(model)
    computed = [run_packed(*packed, image)[-1][1] for image in images]
    np.testing.assert_allclose(computed, model.predict(images, verbose=0), atol=1e-5)


def test_normalization_and_activation_are_folded_into_the_layer_before_them():
    packed, _ = pack_model(DATA / "models" / "cnn_augmented.keras")
    assert [layer["type"] for layer in packed] == ["conv", "conv", "pool", "conv", "conv", "dense"]
    assert [layer["activation"] for layer in packed] == [
        "relu", "relu", "linear", "relu", "relu", "softmax",
    ]  # fmt: skip
    assert packed[0]["output"] == (14, 14, 32)
    assert packed[-1]["input"] == (7 * 7 * 64,)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ([layers.LSTM(5), layers.Dense(10, "softmax")], "layers of known types, got LSTM"),
        ([layers.Flatten(), layers.Dense(10)], "softmax at the end"),
        ([layers.Flatten(), layers.Dense(9, "softmax")], "10 units"),
        ([layers.Flatten(), layers.Dense(9, "gelu"), layers.Dense(10, "softmax")], "got gelu"),
        ([layers.Flatten()], "10 units"),
    ],
)
def test_a_model_that_the_page_cannot_compute_is_refused(stack, message):
    with pytest.raises(ValueError, match=message):
        pack_model(keras.Sequential([keras.Input((28, 28)), *stack]))


def test_a_model_that_is_not_sequential_is_refused():
    image = keras.Input((28, 28))
    model = keras.Model(image, layers.Dense(10, "softmax")(layers.Flatten()(image)))
    with pytest.raises(ValueError, match=r"expected a keras.Sequential, got Functional"):
        pack_model(model)
