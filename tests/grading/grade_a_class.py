"""Grade a class of 30 generated submissions: ``python tests/grading/grade_a_class.py``.

Half of them are right, wrong or blank; the others crash, do not stop, get at files, or have the
wrong name. The course with all results is written to ``build/class/``.
"""

import shutil
import subprocess
import sys

import nbformat
import pandas as pd
from submissions import ROOT, awkward_submissions, make_course, submissions

NAME = "01_pixels"


def main():
    """Generate the class, grade it as a teacher does, and print seconds and memory."""
    folder = ROOT / "build" / "class"
    shutil.rmtree(folder, ignore_errors=True)
    usual = [nbformat.writes(notebook) for notebook, _ in submissions(NAME).values()]
    files = {
        (label, path): text
        for label, (path, text, _, _) in awkward_submissions(NAME, "leaked").items()
    }
    files |= {
        (f"student-{i:02}", f"{NAME}/{NAME}.ipynb"): usual[i % len(usual)]
        for i in range(30 - len(files))
    }
    course = make_course(folder, files)
    subprocess.run([sys.executable, course / "classroom.py", "grade", NAME], check=True)
    table = pd.read_csv(course / f"grades_{NAME}.csv", keep_default_na=False)
    measured = table[["seconds", "CPU seconds", "MB"]].apply(pd.to_numeric)
    print(measured.describe().loc[["count", "mean", "50%", "max"]].round(1))


if __name__ == "__main__":
    main()
