"""Interactive figures that compute in the page, so that each works without a kernel.

``base.py`` is what they share, ``networks.py`` brings a Keras model into the page. Each other
module holds a function or two for the notebooks, and the ES module of the same name its script.
"""
