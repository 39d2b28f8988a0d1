"""Import TensorFlow without the log lines it prints at start-up.

TensorFlow's C++ code writes log messages about CPU features and missing GPU drivers straight to the
process's standard error, most of them before any log level is read. In a notebook they are a red
block that says nothing about digits. ``import digits_helpers.quiet_tensorflow`` above
``import keras`` or ``import tensorflow`` keeps them out. TensorFlow's own logger is set to errors:
on a page that builds several models it advises each time against building models in a loop.
Python's errors and warnings are not touched.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # later messages; errors raise exceptions anyway

sys.stderr.flush()
_stderr = os.dup(2)
_nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)
try:
    import keras  # noqa: F401
    import tensorflow
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)
    os.close(_nowhere)

tensorflow.get_logger().setLevel("ERROR")
