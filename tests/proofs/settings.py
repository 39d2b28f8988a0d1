"""Run the suite on other settings of the machine, and see it stay green.

``python tests/proofs/settings.py``

With names after it, only those settings; ``--tests`` names what is run instead of the whole suite.
Each setting gets a fresh clone of the last commit. Printed are ``green`` or ``red`` with the
seconds, and what failed; the exit code is 1 if one was red. A setting that this machine does not
have is left out, and that is said.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
# a network of its own, with nothing in it but the loop-back that the notebooks' kernels talk over
OFFLINE = ("unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "-")


@dataclass(frozen=True)
class Setting:
    """What is different: variables of the environment, the command, the place, the packages."""

    variables: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    folder: str = "digits"
    runs: int = 1
    python: str = ""
    oldest: str = ""


SETTINGS = {
    "1-thread": Setting(dict.fromkeys(THREADS, "1")),
    "2-threads": Setting(dict.fromkeys(THREADS, "2")),
    "avx2": Setting({"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    "sse41": Setting({"ONEDNN_MAX_CPU_ISA": "SSE41"}),
    "no-onednn": Setting({"TF_ENABLE_ONEDNN_OPTS": "0"}),
    # a locale without UTF-8: a file that is opened without its encoding is misread, as on Windows
    "locale-and-time-zone": Setting(
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "TZ": "Pacific/Chatham"}
    ),
    "a-user-s-own": Setting(
        {
            "COLUMNS": "60",
            "NO_COLOR": "1",
            "MPLBACKEND": "agg",
            "PYTHONHASHSEED": "7",
            "PYTHONWARNINGS": "always",
        }
    ),
    "numpy-without-avx512": Setting({"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}),
    "no-network": Setting(before=OFFLINE),
    "path-with-spaces": Setting(folder="my digits, 2nd copy"),
    "one-at-a-time": Setting(options=("-n", "0")),
    "second-run": Setting(runs=2),
    "python-3.12": Setting(python="python3.12"),
    "python-3.13": Setting(python="python3.13"),
    "oldest-tensorflow": Setting(oldest="tensorflow"),
}


def make_environment(setting: Setting, clone: Path) -> str:
    """Install the clone as the README does, with the setting's Python and packages."""
    constraints = (clone / "constraints.txt").read_text(encoding="utf-8")
    if setting.oldest:
        (needed,) = (
            line
            for line in tomllib.loads((clone / "pyproject.toml").read_text())["project"][
                "dependencies"
            ]
            if line.startswith(f"{setting.oldest}>=")
        )
        oldest = re.search(r">=([\d.]+)", needed)[1]
        constraints = re.sub(
            rf"^{setting.oldest}==.*$", f"{setting.oldest}=={oldest}.*", constraints, flags=re.M
        )
    pins, environment = clone.parent / "constraints.txt", clone.parent / "environment"
    pins.write_text(constraints, encoding="utf-8")
    for command in (
        [setting.python or sys.executable, "-m", "venv", environment],
        [environment / "bin/pip", "install", "-q", "-c", pins, "-e", f"{clone}[test]"],
    ):
        subprocess.run(command, check=True)
    return str(environment / "bin" / "python")


def run(setting: Setting, tests: list[str]) -> list[str]:
    """Run the tests in a fresh clone on a setting; return what pytest printed of failures."""
    with tempfile.TemporaryDirectory(prefix="settings-") as folder:
        clone = Path(folder, setting.folder)
        quiet = ["-c", "advice.detachedHead=false", "clone", "--quiet"]
        subprocess.run(["git", *quiet, ROOT, clone], check=True)
        installs = setting.python or setting.oldest
        python = make_environment(setting, clone) if installs else sys.executable
        command = [*setting.before, python, "-m", "pytest", "-q", "--color=no", "-rfE"]
        failures = []
        for _ in range(setting.runs):
            done = subprocess.run(
                [*command, *setting.options, *tests],
                cwd=clone,
                env=os.environ | {"PYTHONPATH": str(clone)} | setting.variables,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            if done.returncode:
                printed = done.stdout[-6000:] + done.stderr[-2000:]
                failures.append(re.sub(r"\x1b\[[\d;]*m", "", printed))  # the colors of tracebacks
        return failures


def absent(setting: Setting) -> str:
    """Tell what a Python says that does not start on a setting."""
    python, code = (setting.python, "") if setting.python else (sys.executable, "import numpy")
    command = [*setting.before, shutil.which(python) or "false", "-W", "error", "-c", code]
    environment = os.environ | setting.variables
    probe = subprocess.run(command, env=environment, capture_output=True, text=True)
    return (
        (probe.stderr or f"no {python} here").strip().splitlines()[-1] if probe.returncode else ""
    )


def main(arguments: list[str]) -> int:
    """Run the settings that are asked for; return 1 if one was red."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(SETTINGS))
    parser.add_argument("--tests", nargs="+", default=[], help="what pytest runs in place of all")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(SETTINGS):
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join(SETTINGS)}")
    red = 0
    for name in options.names or SETTINGS:
        if lacks := absent(SETTINGS[name]):
            print(f"{name:22} left out: {lacks}", flush=True)
            continue
        start = time.perf_counter()
        failures = run(SETTINGS[name], options.tests)
        verdict = "red" if failures else "green"
        print(f"{name:22} {time.perf_counter() - start:5.0f} s  {verdict}", flush=True)
        print(*failures, sep="\n", end="", flush=True)
        red += bool(failures)
    return int(red > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
