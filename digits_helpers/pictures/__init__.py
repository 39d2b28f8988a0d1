"""From any picture of handwritten digits to arrays like MNIST's, and to predictions.

One module for each step, in the order in which they run, each importing only from earlier ones:
``opening``, ``page``, ``gray``, ``background``, ``lines``, ``threshold`` (``ink`` runs these last
three), ``components``, ``layout``, ``normalization``; for several digits ``pieces``,
``attached_lines``, ``splitting``, ``segmentation`` (which runs these three) and ``rotation``;
``reading`` runs them all and returns what ``results`` defines.
"""
