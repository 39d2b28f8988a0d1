"""load_reference_model: the stored networks are as good as their cards say, others are refused."""

import importlib
import json
import warnings
from itertools import pairwise

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pytest
from digits_helpers import DATA, load_mnist, load_other_writers, load_reference_model, load_split
from digits_helpers.pictures.pieces import score_images
from measure import from_notebook
from scipy import ndimage

NAMES = [
    "single_layer",
    "mlp_plain",
    "mlp",
    "cnn",
    "mlp_unaugmented",
    "mlp_augmented",
    "cnn_unaugmented",
    "cnn_augmented",
]


@pytest.fixture(scope="module")
def digits():
    _, (images, labels) = load_mnist()
    return images / np.float32(255), labels


@pytest.fixture(scope="module", params=NAMES)
def predictions(request, digits):
    """Return a model's name, the model, and its predictions to the test images."""
    model = load_reference_model(request.param)
    return request.param, model, model.predict(digits[0], batch_size=1000, verbose=0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder from which the reference models are now loaded."""
    monkeypatch.setattr("digits_helpers.models.DATA", tmp_path)
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def save(model, path):
    with warnings.catch_warnings():
        # TensorFlow 2.21 has an __array__ without NumPy 2's copy keyword; Keras advises to build
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        warnings.filterwarnings("ignore", "You are saving a model that has not yet been built")
        model.save(path)


def dense(outputs):
    return [keras.layers.Flatten(), keras.layers.Dense(outputs, activation="softmax")]


def test_test_accuracy_is_what_the_card_states_and_the_series_promises(predictions, digits):
    name, _, probabilities = predictions
    card = json.loads((DATA / "models" / f"{name}.json").read_text(encoding="utf-8"))
    accuracy = np.mean(probabilities.argmax(axis=1) == digits[1])
    assert accuracy == pytest.approx(card["test_accuracy"], abs=0.0005)
    promised = {"single_layer": 0.923, "mlp_plain": 0.984, "mlp": 0.988, "cnn": 0.995}
    promised |= {
        "mlp_unaugmented": 0.985,
        "mlp_augmented": 0.991,
        "cnn_unaugmented": 0.99,
        "cnn_augmented": 0.995,
    }
    assert accuracy >= promised[name]


def test_validation_accuracy_is_what_the_card_states(predictions):
    name, model, _ = predictions
    card = json.loads((DATA / "models" / f"{name}.json").read_text(encoding="utf-8"))
    _, (images, labels), _ = load_split()
    predictions = model.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
    assert np.mean(predictions == labels) == pytest.approx(card["validation_accuracy"], abs=0.0005)


def test_the_card_states_how_the_model_was_made(predictions):
    name, model, _ = predictions
    card = json.loads((DATA / "models" / f"{name}.json").read_text(encoding="utf-8"))
    assert card["parameters"] == model.count_params()
    assert set(card) >= {"made_by", "seed", "python", "tensorflow", "keras", "validation_accuracy"}
    assert (DATA.parent / card["made_by"]).is_file()


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("single_layer", [784, 10]),
        *(
            (name, [784, 512, 512, 10])
            for name in ("mlp_plain", "mlp", "mlp_unaugmented", "mlp_augmented")
        ),
    ],
)
def test_the_parameters_are_the_weights_and_biases_of_the_layers(name, units):
    parameters = sum(n * m + m for n, m in pairwise(units))
    assert load_reference_model(name).count_params() == parameters


@pytest.mark.parametrize("name", ["cnn_unaugmented", "cnn_augmented"])
def test_the_stored_convolutions_are_the_network_that_notebook_08_builds(name):
    def layers(model):
        unnamed = [layer.get_config() | {"name": "", "dtype": ""} for layer in model.layers]
        return list(zip([type(layer) for layer in model.layers], unnamed, strict=True))

    *_, build = from_notebook(8, "convolution", "build")
    assert layers(load_reference_model(name)) == layers(build())


def test_the_outputs_are_ten_probabilities(predictions):
    _, _, probabilities = predictions
    assert (probabilities.shape, probabilities.dtype) == ((10000, 10), np.float32)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_images_with_a_channel_give_the_same_predictions(predictions, digits):
    name, _, probabilities = predictions
    images = digits[0][:100, :, :, None]
    again = load_reference_model(name).predict(images, verbose=0)
    np.testing.assert_allclose(again, probabilities[:100], atol=1e-5)


def test_asked_twice_a_model_gives_the_same_answer(predictions, digits):
    _, model, probabilities = predictions
    again = model.predict(digits[0], batch_size=1000, verbose=0)
    assert again.tobytes() == probabilities.tobytes()  # dropout is not at work


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_augmented_models_read_other_writers_better_than_mnist_alone_teaches(name):
    images, labels = load_other_writers()
    plain, augmented = (
        np.mean(load_reference_model(model).predict(images, verbose=0).argmax(axis=1) == labels)
        for model in ("mlp_plain", name)
    )
    assert augmented > plain + 0.05


@pytest.mark.parametrize("name", NAMES)
def test_loading_prints_nothing(name, capfd):
    load_reference_model(name)
    assert capfd.readouterr() == ("", "")


def test_without_a_name_it_is_the_mlp():
    assert load_reference_model().count_params() == 669_706


def test_an_unknown_name_is_told_which_models_there_are():
    with pytest.raises(FileNotFoundError, match=r"'mpl'.*'mlp'.*'single_layer'.*data/README"):
        load_reference_model("mpl")


def test_without_any_models_the_message_says_how_to_make_them(folder):
    with pytest.raises(FileNotFoundError, match=r"none.*data/README\.md"):
        load_reference_model("mlp")


def empty(contents):
    return b""


def text(contents):
    return b"version https://git-lfs.github.com/spec/v1\n"


def half(contents):
    return contents[: len(contents) // 2]


def one_weight(contents):
    middle = len(contents) // 2
    return contents[:middle] + bytes([contents[middle] ^ 1]) + contents[middle + 1 :]


def one_letter(contents):
    return contents.replace(b"keras_version", b"Keras_version", 1)  # Keras itself would not mind


@pytest.mark.parametrize("damage", [empty, text, half, one_weight, one_letter])
def test_a_damaged_file_is_refused_and_named(folder, damage):
    path = folder / "mlp.keras"
    path.write_bytes(damage((DATA / "models" / "mlp.keras").read_bytes()))
    with pytest.raises(ValueError, match=r"git checkout.*data/README") as error:
        load_reference_model("mlp")
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([keras.Input((32,)), keras.layers.Dense(3)], ["(None, 32)", "(None, 3)"]),
        ([keras.Input((28, 28)), *dense(3)], ["(None, 3)"]),
        ([keras.Input((32, 32)), *dense(10)], ["(None, 32, 32)"]),
        ([keras.Input((28, 28, 3)), *dense(10)], ["(None, 28, 28, 3)"]),
        (dense(10), []),
    ],
    ids=["3 classes of 32 numbers", "3 classes", "larger images", "colors", "never called"],
)
def test_a_model_for_something_else_is_refused_with_what_it_is_for(folder, layers, words):
    path = folder / "mlp.keras"
    save(keras.Sequential(layers), path)
    with pytest.raises(ValueError, match=r"28, 28.*10 probabilities") as error:
        load_reference_model("mlp")
    for word in (str(path), "data/README", *words):
        assert word in str(error.value)


def test_a_model_for_images_with_a_channel_is_accepted(folder):
    inputs = keras.Input((28, 28, 1))
    outputs = inputs
    for layer in dense(10):
        outputs = layer(outputs)
    save(keras.Model(inputs, outputs), folder / "cnn.keras")
    predictions = load_reference_model("cnn").predict(np.zeros((2, 28, 28, 1)), verbose=0)
    np.testing.assert_allclose(predictions, 0.1, atol=1e-6)  # no ink: ten biases of 0


@pytest.fixture
def train(monkeypatch):
    """Return the program that trains the reference models as a module."""
    monkeypatch.syspath_prepend(DATA / "models")
    return importlib.import_module("train")


@pytest.fixture
def whole_digit(monkeypatch):
    """Return the program that trains the network for whole digits as a module."""
    monkeypatch.syspath_prepend(DATA / "models")
    return importlib.import_module("whole_digit")


def test_the_network_for_whole_digits_is_the_one_that_its_program_makes(whole_digit):
    def layers(model):
        unnamed = [layer.get_config() | {"name": "", "dtype": ""} for layer in model.layers]
        return list(zip([type(layer) for layer in model.layers], unnamed, strict=True))

    model = keras.models.load_model(DATA / "models" / "whole_digit.keras")
    card = json.loads((DATA / "models" / "whole_digit.json").read_text(encoding="utf-8"))
    assert layers(model) == layers(whole_digit.network())
    assert card["parameters"] == model.count_params()
    assert (card["epochs"], card["seed"]) == (whole_digit.EPOCHS, whole_digit.SEED)
    kinds = {"validation_digits", "test_digits", "cut_off"}
    kinds |= {kind.__name__ for kind, _ in whole_digit.KINDS}
    assert {key for key in card if "accepted" in key} == {f"accepted_{kind}" for kind in kinds}


def test_the_network_for_whole_digits_accepts_what_its_card_states(whole_digit, digits):
    _, (images, labels), _ = load_split()
    card = json.loads((DATA / "models" / "whole_digit.json").read_text(encoding="utf-8"))
    rng = np.random.default_rng(1)
    made = {
        kind: whole_digit.make([(kind, 1)], images, labels, 300, rng)
        for kind in (whole_digit.cut_off, *(kind for kind, _ in whole_digit.KINDS))
    }
    for name, given, spread in [
        ("validation_digits", images, 0.0005),
        ("test_digits", digits[0], 0.0005),
        *((kind.__name__, given, 0.12) for kind, given in made.items()),  # 3 standard errors
    ]:
        accepted = np.mean(score_images(given) > 0.5)
        assert accepted == pytest.approx(card[f"accepted_{name}"], abs=spread), name


@pytest.mark.parametrize("label", "0123456789")
def test_drawn_digits_of_other_countries_lie_as_mnists_do(train, label):
    rng = np.random.default_rng(0)
    for _ in range(5):
        drawn = train.draw_regional(label, rng)
        for image in (drawn, train.reduce_resolution(drawn, rng)):
            assert image.shape == (28, 28)
            assert (image.min(), image.dtype) == (0, np.float32)
            assert image.max() <= 1
            rows, columns = np.nonzero(image > 0.2)
            assert 17 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
            np.testing.assert_allclose(ndimage.center_of_mass(image), 14, atol=1.5)


def test_a_path_of_straight_pieces_goes_through_every_so_manyth_point(train):
    path = np.random.default_rng(1).random((50, 2))
    pieces = train.straighten(path, 20)
    np.testing.assert_allclose(pieces[[0, 20, 40, 49]], path[[0, 20, 40, 49]])
    np.testing.assert_allclose(pieces[10], (path[0] + path[20]) / 2)


def test_the_weights_of_both_stages_are_averaged(train):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    second = [np.full((3, 2), 4.0), np.full(2, 8.0)]
    model.set_weights(second)
    train.average(model, [np.zeros((3, 2)), np.full(2, 4.0)], 0.75)
    np.testing.assert_allclose(model.get_weights()[0], 3)
    np.testing.assert_allclose(model.get_weights()[1], 7)
