"""The reference models: trained networks, stored in ``data/models/``."""

import zipfile

from digits_helpers.data import DATA


def load_reference_model(name="mlp"):
    """Load a trained network of the series.

    Parameters
    ----------
    name : str
        ``"single_layer"`` (the network of notebook 02), ``"mlp_plain"`` (the one that notebook 03
        chooses); ``"mlp"`` (the same, trained longer, with augmentation and unusual digit shapes)
        or ``"cnn"`` (a convolutional network, trained likewise); ``"mlp_small"`` (a hidden layer of
        100 units, for the interactive figures); and those of notebook 08,
        ``"mlp_unaugmented"``, ``"mlp_augmented"``, ``"cnn_unaugmented"`` and ``"cnn_augmented"``.

    Returns
    -------
    keras.Model
        Input: images of shape ``(n, 28, 28)`` or ``(n, 28, 28, 1)`` scaled to [0, 1], ink bright
        on 0; ``model.predict`` takes the same of the two shapes in every call. Output: float32 of
        shape ``(n, 10)``, the probability of each digit.

    Raises
    ------
    FileNotFoundError
        If there is no stored model of that name.
    ValueError
        If the stored file is damaged, or holds a model for other input or output.
    """
    import digits_helpers.quiet_tensorflow
    import keras

    path = DATA / "models" / f"{name}.keras"
    if not path.is_file():
        stored = ", ".join(sorted(repr(file.stem) for file in path.parent.glob("*.keras")))
        raise FileNotFoundError(
            f"there is no reference model {name!r} in {path.parent} (there: {stored or 'none'}): "
            "get them with `git checkout data/models`, or make them as data/README.md says"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():  # Keras does not read all of the check sums
                raise ValueError(f"the check sum of {damaged} in it is wrong")
        model = keras.models.load_model(path)
    except Exception as error:  # Keras raises many kinds, from zip to JSON errors
        raise ValueError(
            f"{path} is no model that Keras can load ({error}): get it again with "
            "`git checkout data/models`, or make it as data/README.md says"
        ) from error
    # a model that was saved before its first call has no shapes
    takes, gives = (getattr(model, name, None) for name in ("input_shape", "output_shape"))
    if takes not in [(None, 28, 28), (None, 28, 28, 1)] or gives != (None, 10):
        raise ValueError(
            f"expected a model from images (28, 28) to 10 probabilities, got {takes} to {gives} "
            f"in {path}: make it as data/README.md says"
        )
    return model
