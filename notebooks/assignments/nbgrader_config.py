"""nbgrader's settings for this course; ``classroom.py`` and ``nbgrader`` itself read them."""

import sys
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import DeduplicateIds, Execute

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from apart import ExecuteApart  # noqa: E402
from repair import ForgetNotes, RepairCells, SafeToShow  # noqa: E402

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = "digits"

usual = GenerateAssignment.class_traits()["preprocessors"].default()
c.GenerateAssignment.preprocessors = [*usual, ForgetNotes]

usual = Autograde.class_traits()["sanitize_preprocessors"].default()
c.Autograde.sanitize_preprocessors = [RepairCells if p is DeduplicateIds else p for p in usual]
usual = Autograde.class_traits()["autograde_preprocessors"].default()
others = [p for p in usual if p is not Execute]
c.Autograde.autograde_preprocessors = [ExecuteApart, SafeToShow, *others]
c.ExecuteApart.timeout = 60  # seconds for one cell
c.ExecuteApart.iopub_timeout = 10  # seconds to stop when it is interrupted
