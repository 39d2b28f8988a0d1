"""What this course adds to nbgrader: submissions run apart, student copies without our notes."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Integer

PROJECT = Path(__file__).resolve().parents[2]

MEMORY = 4 * 2**30
"""Bytes that a submission may have; the solutions need less than a quarter."""

LIMIT_MEMORY = f"""
try:
    import resource
    resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}))
except (ImportError, ValueError, OSError):
    pass  # Windows has no such limit
"""


class ExecuteApart(Execute):
    """Run a submission in a temporary folder, with its own copy of the project's data.

    Other submissions, the solutions and the gradebook are not near it, and what it deletes is
    its own. A kernel that dies or does not stop costs the points of the cells after it, no more.
    This keeps accidents apart; code that means harm needs a container (see README.md).
    """

    seconds = Integer(300, help="Seconds for all the cells of a submission.").tag(config=True)

    last_run = None
    """Seconds, seconds of computing, and MB of memory of the submission that was run last."""

    def preprocess(self, nb, resources):
        """Run all cells; their outputs are stored in the notebook."""
        started = time.monotonic()
        self.deadline, self.stopped = started + self.seconds, ""
        self.cpu, self.megabytes = 0, 0
        self.timeout_func = lambda cell: max(1, min(self.timeout, self._remaining()))
        self.extra_arguments = ["--log-level=ERROR", f"--IPKernelApp.exec_lines={LIMIT_MEMORY}"]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for name in ("digits_helpers", "data"):
                shutil.copytree(PROJECT / name, Path(folder, "project", name))
            files = shutil.ignore_patterns("*.ipynb")
            shutil.copytree(resources["metadata"]["path"], Path(folder, "work"), ignore=files)
            self.folder = Path(folder)
            nb, resources = super().preprocess(nb, resources)
        seconds = time.monotonic() - started
        ExecuteApart.last_run = round(seconds, 1), round(self.cpu, 1), round(self.megabytes)
        return nb, resources

    def start_new_kernel(self, **options):
        """Start the kernel in the temporary folder."""
        environment = os.environ | {"PYTHONPATH": str(self.folder / "project")}
        super().start_new_kernel(cwd=str(self.folder / "work"), env=environment, **options)

    def preprocess_cell(self, cell, resources, index):
        """Run a cell, or note in its output why it was not run."""
        if cell.cell_type != "code":
            return cell, resources
        if not self.stopped and self._remaining() <= 0:
            self.stopped = f"the notebook took more than {self.seconds} seconds"
        if not self.stopped:
            try:
                cell, resources = super().preprocess_cell(cell, resources, index)
                self._measure()
                return cell, resources
            except DeadKernelError:
                self.stopped = f"Python crashed or ran out of memory in cell {index + 1}"
            except CellTimeoutError:
                self.stopped = f"cell {index + 1} did not stop when it was interrupted"
        cell.outputs.append(
            nbformat.v4.new_output(
                "error", ename="NotRun", evalue=self.stopped, traceback=[self.stopped]
            )
        )
        return cell, resources

    def _remaining(self):
        return int(self.deadline - time.monotonic())

    def _measure(self):
        with contextlib.suppress(psutil.Error):
            kernel = psutil.Process(self.km.provisioner.pid)
            self.megabytes = max(self.megabytes, kernel.memory_info().rss / 2**20)
            self.cpu = sum(kernel.cpu_times()[:2])  # user and system


class ForgetNotes(NbGraderPreprocessor):
    """Leave out of student copies what the project's tests note in a notebook and its cells."""

    def preprocess(self, nb, resources):
        """Keep nbgrader's own metadata and the kernel's name."""
        nb.metadata.pop("stored", None)
        for cell in nb.cells:
            for key in ("numbers", "tags", "tolerance"):
                cell.metadata.pop(key, None)
        return nb, resources
