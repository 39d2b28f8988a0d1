"""Run the tests of an assignment in a process in which nothing of a submission runs.

    python referee.py source/01_pixels/01_pixels.ipynb FOLDER

The cells that are given, and the tests, are those of the source. A function that a learner writes
is replaced here by one that asks for it: the arguments go to the submission's process as
data, and what it returns comes back as data (`exchange.py`). So a test is always executed, and
always compares with the comparison that stands in it.

Standard input has lines such as ``{"test": "leaked-check"}``. Lines of standard output are
``{"call": "leaked"}``, answered by ``{"reply": true}`` or ``{"failed": "it did not stop"}``, and
at last a verdict, ``{"error": null, "printed": "..."}``.
"""

import ast
import builtins
import contextlib
import io
import json
import linecache
import os
import sys
import traceback
from itertools import count
from pathlib import Path

from exchange import Parcel

MARK = "# looks at the arguments afterwards"
"""Only in a test with this line do arrays change that a learner's function has changed. Elsewhere
the tests keep their own data, whatever the submission says."""


class Failed(Exception):
    """The submission's process did not answer."""


def read_cells(path):
    """Return the code cells of a notebook: grade id or None, its nbgrader settings, source."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    return [
        (settings.get("grade_id"), settings, "".join(cell["source"]))
        for cell in cells
        if cell["cell_type"] == "code"
        for settings in [cell["metadata"].get("nbgrader", {})]
    ]


def functions_of(source):
    """Return the names of the functions that a solution defines; it may define nothing else."""
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            raise ValueError(
                f"the solution of a task defines functions only, line {node.lineno} is something "
                "else: move it into a cell that is given"
            )
    return names


class Referee:
    """The tests of one assignment, and what the source's given cells define for them."""

    def __init__(self, source, folder, ask):
        """Take over the cells; ``ask(name)`` sends a call and returns when the reply is there."""
        self.cells, self.folder, self.ask = read_cells(source), Path(folder), ask
        self.seeds, self.position, self.arguments_may_change = count(1), 0, False
        self.names = {"__name__": "__main__"}
        solutions = [text for _, settings, text in self.cells if settings.get("solution")]
        self.functions = [name for text in solutions for name in functions_of(text)]

    def call(self, name, *positional, **named):
        """Let the submission's function compute; return its value, or raise what it raised."""
        sent, received = Parcel(), Parcel()
        sent.store([name, list(positional), named, next(self.seeds)], self.folder / "call.npz")
        self.ask(name)
        try:
            kind, *content = received.load(self.folder / "reply.npz")
        except Exception as error:
            raise Failed(f"{name} returned nothing that can be read") from error
        if kind == "raised":
            kind = getattr(builtins, content[0], RuntimeError)
            plain = isinstance(kind, type) and issubclass(kind, Exception)
            raise (kind if plain else RuntimeError)(content[1])
        value, changed = content
        if self.arguments_may_change:
            for index, array in changed.items():
                sent.arrays[index][...] = array
        for generator in sent.generators:  # as after drawing, whatever the submission drew
            generator.bit_generator.state = generator.bit_generator.jumped().state
        return value

    def run(self, number, source):
        """Run one cell; its lines are known to tracebacks."""
        name = f"<cell {number}>"
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        exec(compile(source, name, "exec"), self.names)  # the teacher's own code

    def prepare(self, stop):
        """Run the given cells before a test; those that need a learner's function are left out."""
        while self.position < stop:
            _, settings, source = self.cells[self.position]
            if settings.get("solution"):
                for name in functions_of(source):
                    self.names[name] = lambda *a, name=name, **k: self.call(name, *a, **k)
            elif not settings.get("grade"):
                used = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
                if not used & set(self.functions):
                    with contextlib.redirect_stdout(io.StringIO()):
                        self.run(self.position, source)
            self.position += 1

    def test(self, grade_id):
        """Run a test; return its verdict."""
        index = [known for known, *_ in self.cells].index(grade_id)
        printed, error = io.StringIO(), None
        try:
            self.prepare(index)
            self.arguments_may_change = MARK in self.cells[index][2]
            with contextlib.redirect_stdout(printed):
                self.run(index, self.cells[index][2])
        except BaseException as raised:
            frames = traceback.extract_tb(raised.__traceback__)
            here = [frame for frame in frames if frame.filename.startswith("<cell ")]
            lines = traceback.format_list(here[-1:]) + traceback.format_exception_only(raised)
            error = [type(raised).__name__, str(raised)[:2000], "".join(lines).splitlines()]
        self.position = max(self.position, index + 1)
        return {"error": error, "printed": printed.getvalue()[:10_000]}


def main(source, folder):
    """Answer the lines of standard input."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a cell prints from below Python does not get between the lines

    def say(**message):
        print(json.dumps(message), file=channel, flush=True)

    def ask(name):
        say(call=name)
        answer = json.loads(sys.stdin.readline())
        if "failed" in answer:
            raise Failed(answer["failed"])

    referee = Referee(source, folder, ask)
    first = next(i for i, (_, settings, _) in enumerate(referee.cells) if settings)
    with contextlib.suppress(Exception):  # the test that needs it says what is wrong
        referee.prepare(first)
    for line in sys.stdin:
        say(**referee.test(json.loads(line)["test"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
