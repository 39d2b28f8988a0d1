"""What this course adds to nbgrader: contained submissions, tests apart from them, safe outputs."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.preprocessors import Execute
from sandbox import FILE, MISSING, PROJECT, Watch, contained, environment, lacks, limited
from traitlets import Bool, Integer

HERE = Path(__file__).resolve().parent
ANSWER = "__import__('exchange').answer(get_ipython().user_ns, {call!r}, {reply!r})"


class ExecuteApart(Execute):
    """Run a submission in a sandbox; run the tests in another process, on what it returns.

    The cells of the submission run in a kernel that sees nothing but itself. The tests do not run
    there: `referee.py` runs them, and asks this kernel for the values of the learner's functions.
    A kernel that dies or does not stop costs the points of the cells after it, no more.
    """

    seconds = Integer(300, help="Seconds for all the cells of a submission.").tag(config=True)
    sandbox = Bool(True, help="Whether submissions are kept apart by bubblewrap.").tag(config=True)

    last_run = None, None, None
    """Seconds, seconds of computing, and MB of memory of the submission that was run last."""

    def preprocess(self, nb, resources):
        """Run all cells; their outputs are stored in the notebook."""
        if self.sandbox and lacks():
            raise RuntimeError(MISSING.format(reason=lacks()))
        started = time.monotonic()
        self.deadline, self.stopped, self.calls = started + self.seconds, "", 0
        self.timeout_func = lambda cell: max(1, min(self.timeout, self._remaining()))
        self.extra_arguments = ["--log-level=CRITICAL"]
        self.watch, path = None, Path(resources["metadata"]["path"])
        assignment, notebook = (resources["nbgrader"][key] for key in ("assignment", "notebook"))
        source = path.parents[2] / "source" / assignment / f"{notebook}.ipynb"
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            self.folder = Path(folder).resolve()
            for name in ("in", "out", "socket", "referee"):
                (self.folder / name).mkdir()
            leave = shutil.ignore_patterns("*.ipynb")
            shutil.copytree(path, self.folder / "work", ignore=leave, symlinks=True)
            self.referee = Referee(source, self.folder / "referee", self._call, self.sandbox)
            try:
                nb, resources = super().preprocess(nb, resources)
            finally:
                self.referee.close()
                if self.watch:
                    self.watch.stop()
        seconds = time.monotonic() - started
        measured = (self.watch.cpu, self.watch.megabytes) if self.watch else (0, 0)
        ExecuteApart.last_run = round(seconds, 1), round(measured[0], 1), round(measured[1])
        return nb, resources

    def create_kernel_manager(self):
        """Return the manager of a kernel in the sandbox."""
        if not self.sandbox:
            for name in ("digits_helpers", "data"):
                shutil.copytree(PROJECT / name, self.folder / "project" / name)
            shutil.copy(HERE / "exchange.py", self.folder / "project")
        self.km = ContainedKernel(
            folder=self.folder, sandbox=self.sandbox, kernel_name="python3", config=self.config
        )
        self.km.client_class = "jupyter_client.asynchronous.AsyncKernelClient"
        return self.km

    def start_new_kernel(self, **options):
        """Start the kernel with nothing of our environment."""
        inside = environment(self.folder, self.folder / "project")
        super().start_new_kernel(cwd=str(self.folder / "work"), env=inside, **options)
        self.watch = Watch(self.km.provisioner.pid, self.folder)

    def preprocess_cell(self, cell, resources, index):
        """Run a cell, or note in its output why it was not run."""
        if cell.cell_type != "code":
            return cell, resources
        settings = cell.metadata.get("nbgrader", {})
        is_test = settings.get("grade") and not settings.get("solution")
        if not self.stopped and self._remaining() <= 0:
            self.stopped = f"the notebook took more than {self.seconds} seconds"
        if not self.stopped and not is_test:
            self._guarded(super().preprocess_cell, cell, resources, index)
        elif not self.stopped:
            self.index = index
            cell.outputs = self.referee.test(settings["grade_id"], self._remaining())
            self.nb.cells[index] = cell  # nbclient put the calls there
        if self.stopped:
            cell.outputs.append(error("NotRun", self.stopped))
        return cell, resources

    def _guarded(self, run, cell, *others):
        """Run a cell of the submission; note why the submission is at its end, if it is."""
        number = others[-1] + 1
        try:
            run(cell, *others)
        except DeadKernelError:
            self.stopped = f"Python crashed or ran out of memory in cell {number}"
        except CellTimeoutError:
            self.stopped = f"cell {number} did not stop when it was interrupted"
        self.stopped = self.watch.ended or self.stopped

    def _call(self, function):
        """Let the submission compute what the referee asks for; return why there is no reply."""
        self.calls += 1
        name = f"{self.calls}.npz"
        call, reply = self.folder / "in" / name, self.folder / "out" / name
        shutil.move(self.folder / "referee" / "call.npz", call)
        shown = (
            ("/sandbox/in/", "/sandbox/out/")
            if self.sandbox
            else (f"{call.parent}/", f"{reply.parent}/")
        )
        code = ANSWER.format(call=shown[0] + name, reply=shown[1] + name)
        cell = nbformat.v4.new_code_cell(code)
        if not self.stopped:
            self._guarded(self.execute_cell, cell, self.index)
        call.unlink()
        if self.stopped:
            return self.stopped
        try:
            content = read_safely(reply)
        except OSError as problem:
            errors = [output for output in cell.outputs if output.output_type == "error"]
            if any(output.ename == "CellTimeoutError" for output in errors):
                return f"{function} took too long"
            said = [f"{output.ename}: {output.evalue}"[:500] for output in errors]
            return " ".join([f"{function} returned nothing:", *(said or [str(problem.strerror)])])
        (self.folder / "referee" / "reply.npz").write_bytes(content)
        return ""

    def _remaining(self):
        return int(self.deadline - time.monotonic())


class ContainedKernel(AsyncKernelManager):
    """A kernel in a sandbox: it is reached by sockets in a folder, since it has no network."""

    def __init__(self, folder, sandbox, **options):
        """Prepare the kernel that uses the subfolders of a folder."""
        super().__init__(**options)
        self.folder, self.sandbox = folder, sandbox
        if sandbox:
            self.transport, self.ip = "ipc", str(folder / "socket" / "kernel")
            self.connection_file = str(folder / "socket" / "connection.json")
            # a signal would reach the sandbox and end it; a message reaches the kernel
            self.kernel_spec.interrupt_mode = "message"

    def format_kernel_cmd(self, extra_arguments=None):
        """Return the command that starts the kernel."""
        command = super().format_kernel_cmd(extra_arguments)
        command[0] = shutil.which(command[0]) or command[0]
        if not self.sandbox:
            return limited(command)
        socket, work = self.folder / "socket", self.folder / "work"
        return contained(
            command,
            inside="/sandbox/work",
            readable=[(self.folder / "in", "/sandbox/in")],
            writable=[
                (self.folder / "out", "/sandbox/out"),
                (socket, socket),
                (work, "/sandbox/work"),
            ],
        )


class Referee:
    """The process that runs the tests."""

    def __init__(self, source, folder, call, sandbox):
        """Start it; ``call(function)`` lets the submission compute."""
        self.call, self.folder = call, folder
        script = HERE / "referee.py"
        if sandbox:
            command = contained(
                [
                    sys.executable,
                    "/sandbox/referee.py",
                    "/sandbox/source.ipynb",
                    "/sandbox/referee",
                ],
                inside="/sandbox/referee",
                readable=[(script, "/sandbox/referee.py"), (source, "/sandbox/source.ipynb")],
                writable=[(folder, "/sandbox/referee")],
            )
            variables = None
        else:
            command = [sys.executable, str(script), str(source), str(folder)]
            paths = os.pathsep.join([str(PROJECT), str(HERE)])
            variables = environment(folder, paths)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "errors.txt").open("wb"),
            env=variables,
        )

    def test(self, grade_id, seconds):
        """Run a test; return the outputs of its cell: an error if it failed."""
        deadline = time.monotonic() + seconds
        self._send({"test": grade_id})
        while message := self._receive(deadline):
            if "call" not in message:
                break
            failed = self.call(message["call"])
            self._send({"failed": failed} if failed else {"reply": True})
        if not message:
            self.process.kill()
            said = (self.folder / "errors.txt").read_text(encoding="utf-8", errors="replace")
            why = "".join(f": {line}" for line in said.strip().splitlines()[-1:])
            return [error("NotRun", f"the tests did not come to an end{why}")]
        outputs = []
        if message["printed"]:
            outputs.append(nbformat.v4.new_output("stream", text=message["printed"]))
        if message["error"]:
            outputs.append(error(*message["error"]))
        return outputs

    def _send(self, message):
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended: `_receive` says so

    def _receive(self, deadline):
        """Return the next message, or None if the process has ended or the time is over."""
        if sys.platform != "win32":  # there one cannot wait for a pipe
            seconds = max(0, deadline - time.monotonic())
            ready, *_ = select.select([self.process.stdout], [], [], seconds)
            if not ready:
                return None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def close(self):
        """End the process."""
        self.process.kill()
        self.process.communicate()


def error(name, value, lines=None):
    """Return the output of a cell that failed."""
    return nbformat.v4.new_output("error", ename=name, evalue=value, traceback=lines or [value])


def read_safely(path):
    """Return the bytes of a file that a submission wrote: not through a link, not without end."""
    flags = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, os.O_RDONLY | sum(flags))
    with os.fdopen(descriptor, "rb") as file:
        return file.read(FILE)
