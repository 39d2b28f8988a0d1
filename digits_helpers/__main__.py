"""``python -m digits_helpers`` is the command `digits`."""

import sys

from digits_helpers.command import main

sys.exit(main())
