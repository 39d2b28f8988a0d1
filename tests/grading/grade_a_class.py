"""Grade a class of generated submissions: ``python tests/grading/grade_a_class.py [cheats]``.

Thirty of them: half are right, wrong or blank; the others crash, do not stop, get at files, or have
the wrong name. With ``cheats``, thirty honest ones and every one of `cheats.py` among them. The
course with all results is written to ``build/class/``.
"""

import shutil
import subprocess
import sys

import nbformat
import pandas as pd
from cheats import cheats
from submissions import ROOT, awkward_submissions, make_course, submissions

NAME = "01_pixels"


def main(with_cheats):
    """Generate the class, grade it as a teacher does, and print seconds, memory and points."""
    folder = ROOT / "build" / "class"
    shutil.rmtree(folder, ignore_errors=True)
    usual = [nbformat.writes(notebook) for notebook, _ in submissions(NAME).values()]
    if with_cheats:
        files = {
            (label, f"{NAME}/{NAME}.ipynb"): nbformat.writes(notebook)
            for label, notebook in cheats().items()
        }
    else:
        files = {
            (label, path): text
            for label, (path, text, _, _) in awkward_submissions(NAME, "leaked").items()
        }
    honest = [f"student-{i:02}" for i in range(30 if with_cheats else 30 - len(files))]
    for i, name in enumerate(honest):
        files[name, f"{NAME}/{NAME}.ipynb"] = usual[i % len(usual)]
    course = make_course(folder, files)
    subprocess.run([sys.executable, course / "classroom.py", "grade", NAME], check=True)
    table = pd.read_csv(course / f"grades_{NAME}.csv", keep_default_na=False).set_index("student")
    measured = table[["seconds", "CPU seconds", "MB"]].apply(pd.to_numeric)
    print(measured.describe().loc[["count", "mean", "50%", "max"]].round(1))
    points = table["points"].astype(float)
    print("points of equal honest submissions, lowest and highest:")
    kinds = [i % len(usual) for i in range(len(honest))]
    print(points[honest].groupby(kinds).agg(["min", "max"]).to_string(header=False))
    if with_cheats:
        print(f"points of {len(files) - len(honest)} cheats: {points.drop(honest).sum():g}")


if __name__ == "__main__":
    main("cheats" in sys.argv[1:])
