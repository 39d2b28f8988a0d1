"""nbgrader's settings for this course; ``classroom.py`` and ``nbgrader`` itself read them."""

import sys
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import preprocessors

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from apart import ExecuteApart  # noqa: E402

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = "digits"

# nbgrader's own list with ExecuteApart in the place of Execute
c.Autograde.autograde_preprocessors = [
    ExecuteApart,
    preprocessors.IgnorePattern,
    ClearMetadataPreprocessor,
    preprocessors.LimitOutput,
    preprocessors.SaveAutoGrades,
    preprocessors.AssignLatePenalties,
    preprocessors.CheckCellMetadata,
]
c.ExecuteApart.timeout = 30  # seconds for one cell
c.OverwriteCells.add_missing_cells = True  # a deleted test comes back
