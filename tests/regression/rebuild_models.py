"""Save the networks of notebooks 02 and 03 again.

``python tests/regression/rebuild_models.py [name]``

Such a reference model is the network that its notebook trains, seed included: the notebook is run,
and at its end the network is saved from its kernel. Beside it, ``<name>.json`` states the notebook,
the seed, the versions, and the accuracy on the validation and the test images. The other reference
models come from ``data/models/train.py``.
"""

import argparse
import sys

from digits_helpers import DATA
from refresh import ROOT, execute

MODELS = {
    "single_layer": ("02_single_layer_baseline", "model"),
    "mlp_plain": ("03_deep_network_with_dropout", "chosen"),
}

SAVE = """
import json, pathlib, platform

# not compiled, hence without the state of the optimizer, twice the size of the model
keras.Sequential([keras.Input({variable}.input_shape[1:]), *{variable}.layers]).save({file!r})
accuracies = [{variable}.evaluate(x, y, batch_size=1000, verbose=0)[1]
              for x, y in [(x_valid, y_valid), (x_test, y_test)]]
card = {{
    "made_by": "notebooks/" + {notebook!r} + ".ipynb",
    "seed": 0,
    "parameters": {variable}.count_params(),
    "validation_accuracy": round(accuracies[0], 4),
    "test_accuracy": round(accuracies[1], 4),
    "python": platform.python_version(),
    "tensorflow": tf.__version__,
    "keras": keras.__version__,
}}
pathlib.Path({card!r}).write_text(json.dumps(card, indent=2))
"""


def rebuild(name):
    """Run the notebook of a model, store the model and its card, return the card."""
    notebook, variable = MODELS[name]
    file, card = (DATA / "models" / f"{name}{ending}" for ending in (".keras", ".json"))
    code = SAVE.format(variable=variable, file=str(file), card=str(card), notebook=notebook)
    execute(ROOT / "notebooks" / f"{notebook}.ipynb", code)
    return card.read_text(encoding="utf-8")


def main(arguments):
    """Rebuild the named models, or all, and print their cards."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=" or ".join(MODELS))
    for name in parser.parse_args(arguments).names or MODELS:
        print(name, rebuild(name), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
