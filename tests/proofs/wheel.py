"""Install the wheel alone, and run notebooks in a folder that holds nothing else.

``python tests/proofs/wheel.py [notebook ...]``

Builds the wheel from the last commit, installs it with the pinned versions into an environment of its
own, copies each notebook (01, 04 and 05 without arguments) into an empty folder and runs it
there: the package must bring its data along. The exit code is 1 if a notebook stops with an error.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = [next(ROOT.glob(f"notebooks/{number}_*.ipynb")) for number in ("01", "04", "05")]
WHERE = "import digits_helpers; print(digits_helpers.__file__, digits_helpers.DATA, sep='\\n')"


def main(notebooks: list[Path]) -> int:
    """Run the notebooks; return how many failed."""
    failed = 0
    own = ("PYTHONPATH", "VIRTUAL_ENV")
    variables = {name: value for name, value in os.environ.items() if name not in own}
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        clone, environment, work = (Path(folder, name) for name in ("clone", "environment", "work"))
        python, jupyter = environment / "bin/python", environment / "bin/jupyter"
        work.mkdir()

        def run(*command, **options):
            return subprocess.run(command, cwd=work, env=variables, **options)

        run("git", "clone", "--quiet", ROOT, clone, check=True)
        run(sys.executable, "-m", "venv", environment, check=True)
        run(python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, clone, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        pins = clone / "constraints.txt"
        run(python, "-m", "pip", "install", "-q", "-c", pins, wheel, check=True)
        clone.rename(clone.with_name("moved away"))
        places = run(python, "-c", WHERE, check=True, capture_output=True, text=True).stdout
        for place in places.split("\n")[:-1]:
            if environment not in Path(place).parents:
                raise RuntimeError(f"expected the installed wheel in {environment}, found {place}")
        for notebook in notebooks:
            (work / notebook.name).write_bytes(notebook.read_bytes())
            done = run(jupyter, "execute", notebook.name, capture_output=True, text=True)
            print(notebook.name, "fails" if done.returncode else "runs", flush=True)
            if done.returncode:
                print(done.stderr[-3000:])
            failed += bool(done.returncode)
        print(f"{wheel.name}: {wheel.stat().st_size / 2**20:.0f} MB")
    return failed


if __name__ == "__main__":
    sys.exit(min(1, main([Path(name).resolve() for name in sys.argv[1:]] or NOTEBOOKS)))
