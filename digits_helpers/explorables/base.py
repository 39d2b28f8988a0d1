"""What all interactive figures share: how one is shown, stored and brought to the page.

The script of each is an ES module beside this file, in the form that anywidget defines
(https://anywidget.dev/en/afm/). Displayed, it is one output: live in Jupyter; as a picture with
alternative text on GitHub, in print and for the tests; and, through the metadata ``explorable``,
live again on the site, where no kernel runs.
"""

import base64
import re
import zlib
from pathlib import Path
from typing import ClassVar

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from digits_helpers.data import DATA
from digits_helpers.explorables.networks import pack_model
from digits_helpers.plotting import encode_figure

FOLDER = Path(__file__).parent

DEFAULT_NETWORK = "cnn_augmented"
"""The reference model that predicts where none is given: good and small."""

LARGEST = 450_000
"""Bytes of weights that a notebook stores; of a larger network it keeps the still picture only."""


def binary(**keywords):
    """Return a trait for bytes, which the page sees as a DataView."""
    return traitlets.Bytes(**keywords).tag(
        sync=True, echo_update=False, from_json=lambda value, _: bytes(value)
    )


def bundle(module):
    """Return the script of a module with ``shared.js`` in it: a blob imports nothing relative.

    The module imports by ``import { a, b } from "./shared.js";``, once, above all else.
    """
    script, shared = ((FOLDER / name).read_text("utf-8") for name in (f"{module}.js", "shared.js"))
    shared = re.sub(r"^export ", "", shared, flags=re.MULTILINE)
    pattern = r'^import (\{[^}]*\}) from "\./shared\.js";'
    match = re.search(pattern, script, flags=re.MULTILINE)
    inlined = f"const {match[1]} = (() => {{\n{shared}\nreturn {match[1]};\n}})();"
    return script[: match.start()] + inlined + script[match.end() :]


def weight_file(name):
    """Return what the site serves as a file of weights, made from the models in the package.

    Parameters
    ----------
    name : str
        ``"cnn_augmented.bin"``; of several networks, one behind the other, their names are joined
        by ``-``.

    Returns
    -------
    bytes
    """
    models = name.removesuffix(".bin").split("-")
    return b"".join(pack_model(DATA / "models" / f"{model}.keras")[1] for model in models)


def _name_of(weights):
    """Return the name that gives these weights back through `weight_file`, or None."""
    for path in sorted((DATA / "models").glob("*.keras")):
        may_be = len(weights) < path.stat().st_size < 1.2 * len(weights) + 40_000
        if may_be and weight_file(path.stem) == weights:
            return f"{path.stem}.bin"
    return None


def _stored(weights):
    """Return weights as a notebook stores them: by name, as float32 or float16, or not at all."""
    if name := _name_of(weights):
        return {"file": name}
    if len(weights) > LARGEST // 3:
        weights = np.frombuffer(weights, "<f4").astype("<f2").tobytes()
    return _encoded(weights) if len(weights) <= LARGEST else None


def _encoded(data):
    return {"bytes": base64.b64encode(zlib.compress(data, 9)).decode("ascii")}


class Explorable(anywidget.AnyWidget):
    """An interactive figure; a subclass adds its state as synced traits.

    A subclass names its ES module in ``module``, and returns its still picture from ``draw`` and
    its description from ``describe``. The weights of a network belong into a trait ``weights``.

    Attributes
    ----------
    has_kernel : bool
        True here; the page reads False where it was built from a stored notebook.
    files : dict of str to str
        Traits whose bytes the site serves as a file, and the name to give to `weight_file`.
    """

    module = None
    files: ClassVar = {}
    has_kernel = traitlets.Bool(True).tag(sync=True)

    def __init_subclass__(cls, **keywords):
        """Give the class the script and the style of its module."""
        if "module" in cls.__dict__:  # not in the classes that traitlets derives
            cls._esm, cls._css = bundle(cls.module), (FOLDER / "shared.css").read_text("utf-8")
        super().__init_subclass__(**keywords)

    def draw(self):
        """Return the still picture: a Matplotlib figure, Axes or array of Axes."""
        raise NotImplementedError

    def describe(self):
        """Return the alternative text of the still picture."""
        raise NotImplementedError

    def __repr__(self):
        """Return the same text in every run: notebooks store it."""
        return f"<{self.module}>"

    def state(self):
        """Return the state as JSON, as the site gives it back to the module.

        Returns
        -------
        dict of str to object, or None
            Bytes are ``{"bytes": base64 of zlib}`` or ``{"file": name}``; None if the network is
            too large to be stored.
        """
        values = {}
        ours = set(self.traits(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
        for name in sorted(name for name in ours if not name.startswith("_")):
            value = getattr(self, name)
            if name in self.files:
                value = {"file": self.files[name]}
            elif name == "weights":
                value = _stored(value)
                if value is None:
                    return None
            elif isinstance(value, bytes):
                value = _encoded(value)
            values[name] = value
        return values | {"has_kernel": False}

    def _repr_mimebundle_(self, **keywords):
        """Return the live figure, its still picture and its description as one output."""
        data, metadata = super()._repr_mimebundle_(**keywords)
        with plt.style.context("digits_helpers.digits"):
            picture, notes = encode_figure(self.draw(), self.describe())
        if state := self.state():
            notes["explorable"] = {"module": self.module, "state": state}
        return data | picture, metadata | notes
