"""Submissions that try to get points without answers, or to harm others.

Each is a blank with one more cell, or with forged metadata. They are graded as what they are,
blanks: no points, no harm.
"""

import copy

import nbformat
from submissions import fill, graded_cells, read, solutions

NAME = "01_pixels"
FUNCTIONS = ["loses_ink", "difference", "balanced_sample", "leaked", "learning_curve"]
DEFINE = "\n".join(f"{name} = lambda *a, **k: VALUE" for name in FUNCTIONS)

EQUAL = """
class Equal:
    shape, dtype, T = (100,), bool, 0
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __array__(self, *a, **k): return self
    __lt__ = __gt__ = __le__ = __ge__ = __ne__ = __contains__ = __eq__
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __getitem__(self, key): return self
    def __len__(self): return 200
    def __iter__(self): return iter([self] * 200)
    def __hash__(self): return 0
"""
SEARCH = """
import os, sys, sqlite3, pathlib
import digits_helpers
starts = {p for p in sys.path if p} | {os.getcwd(), digits_helpers.__file__, sys.prefix}
starts |= {"/home", "/tmp", "/sandbox", "/root", "/srv", "/work", "/proc/1/cwd"}
wanted = "gradebook.db", "submitted", "source"
found = []
for start in starts:
    for folder in [pathlib.Path(start), *pathlib.Path(start).parents][:4]:
        try:
            places = [*folder.glob("*"), *folder.glob("*/*")]
            found += [place for place in places if place.name in wanted]
        except OSError:
            pass
"""

CELLS = {
    # the machinery that runs cells
    "input-transformer": """
def harmless(lines):
    return ["try:\\n", *["    " + line for line in lines], "\\nexcept BaseException: pass\\n"]
get_ipython().input_transformers_post.append(harmless)""",
    "ast-transformer": """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())""",
    "custom-exception": """
get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)""",
    "run-cell-replaced": """
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult
shell = type(get_ipython())
good = lambda self, *a, **k: ExecutionResult(ExecutionInfo("", False, False, False, None))
shell.run_cell = good
async def later(self, *a, **k): return good(self)
shell.run_cell_async = later""",
    "settrace": """
import sys
def trace(frame, event, arg):
    frame.f_trace_lines = False
    return trace
sys.settrace(trace)
sys.excepthook = lambda *a: None""",
    "assertion-error-replaced": """
import builtins
class Nothing(Exception): pass
builtins.AssertionError = Nothing""",
    "builtins-replaced": """
import builtins
builtins.all = builtins.any = lambda *a, **k: True
builtins.abs = lambda x: 0
builtins.sorted = lambda *a, **k: list(range(300))
builtins.compile = lambda *a, **k: (lambda: 0).__code__""",
    "comparisons-replaced": """
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
np.asarray = lambda *a, **k: np.ones(100, bool)""",
    "names-replaced": """
class Forever(dict):
    def __missing__(self, key): return lambda *a, **k: True
    def __contains__(self, key): return True
get_ipython().user_ns = Forever()""",
    "standard-module-shadowed": """
import pathlib
for name in ("json", "numpy", "ast", "traceback", "exchange", "digits_helpers"):
    pathlib.Path(name + ".py").write_text("raise SystemExit(0)")""",
    # values
    "equal-to-everything": EQUAL + DEFINE.replace("VALUE", "Equal()"),
    "array-equal-to-everything": """
class Same(np.ndarray):
    def __eq__(self, other): return np.True_
    def all(self, *a, **k): return True
    def any(self, *a, **k): return True
"""
    + DEFINE.replace("VALUE", "np.ones(100, bool).view(Same)"),
    "number-equal-to-everything": """
class Number(float):
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    __gt__ = __lt__
"""
    + DEFINE.replace("VALUE", "Number(0.5)"),
    "pickle": """
class Bomb:
    def __reduce__(self): return exec, ("raise SystemExit(0)",)
"""
    + DEFINE.replace("VALUE", "np.array([Bomb()], dtype=object)"),
    "endless-answer": "import itertools\n" + DEFINE.replace("VALUE", "itertools.count()"),
    "arguments-replaced": """
def erase(value, *others):
    for array in (value, *others):
        if isinstance(array, np.ndarray):
            array[...] = 0
    return np.zeros(len(value), bool)
"""
    + DEFINE.replace("VALUE", "erase(*a)"),
    "exchange-replaced": """
import exchange
def answer(names, call, reply):
    exchange.Parcel().store(["returned", True, {}, []], reply)
exchange.answer = answer""",
    "answers-written-ahead": """
import pathlib
text = np.frombuffer(b'["list", ["returned", true]]', np.uint8)
for i in range(1, 60):
    np.savez(f"/sandbox/out/{i}.npz", text=text)""",
    "answers-as-links": """
import os, pathlib
for i in range(1, 60):
    for target in ("/etc/passwd", "/dev/zero", "/sandbox/source.ipynb"):
        try:
            os.symlink(target, f"/sandbox/out/{i}.npz")
        except OSError:
            pass""",
    "answers-as-pipes": """
import os
for i in range(1, 60):
    try:
        os.mkfifo(f"/sandbox/out/{i}.npz")
    except OSError:
        pass""",
    "verdict-printed": """
import json
print(json.dumps({"error": None, "printed": ""}), flush=True)
import os
for descriptor in range(3, 40):
    try:
        os.write(descriptor, b'{"error": null, "printed": ""}\\n')
    except OSError:
        pass""",
    # ends
    "exits": "raise SystemExit(0)",
    "ends-python": "import os\nos._exit(0)",
    "becomes-another-program": "import os\nos.execv('/bin/true', ['true'])",
    "kills-everything": """
import os, signal
for process in [os.getppid(), *range(2, 400)]:
    if process != os.getpid():
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass""",
    "lives-on": """
import subprocess, threading, time, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
threading.Thread(target=time.sleep, args=(3600,)).start()""",
    "alarm": """
import signal
signal.signal(signal.SIGALRM, lambda *a: (_ for _ in ()).throw(SystemExit(0)))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)""",
    # files
    "startup-file": """
import pathlib
for home in {pathlib.Path.home(), pathlib.Path("/root"), pathlib.Path("/home/learner")}:
    try:
        folder = home / ".ipython/profile_default/startup"
        folder.mkdir(parents=True, exist_ok=True)
        code = "get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)"
        (folder / "00.py").write_text(code)
    except OSError:
        pass""",
    "site-customized": """
import pathlib, site, sys
for folder in [*site.getsitepackages(), site.getusersitepackages(), *sys.path]:
    try:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, "evil.pth").write_text("import builtins; builtins.evil = 1")
        pathlib.Path(folder, "sitecustomize.py").write_text("import builtins; builtins.evil = 1")
    except OSError:
        pass""",
    "helper-changed": """
import digits_helpers.data, numpy
for module in (digits_helpers.data, digits_helpers, numpy):
    try:
        with open(module.__file__, "a") as file:
            file.write("\\nimport builtins; builtins.evil = 1\\n")
    except OSError:
        pass""",
    "package-installed": """
import subprocess, sys
install = [sys.executable, "-m", "pip", "install", "--retries=0", "six"]
subprocess.run(install, capture_output=True)""",
    "solution-looked-for": SEARCH
    + "print([p.read_text() for f in found for p in f.rglob('*.ipynb')])",
    "gradebook-changed": SEARCH
    + """
for path in found:
    if path.name == "gradebook.db":
        with sqlite3.connect(path) as base:
            base.execute("update grade set auto_score = 20, manual_score = 20")""",
    "others-overwritten": SEARCH
    + """
for path in found:
    if path.name == "submitted":
        for other in path.rglob("*.ipynb"):
            other.write_text("{}")""",
    "parents-folder": """
import psutil, pathlib
for process in psutil.process_iter():
    try:
        here = pathlib.Path(process.cwd())
        print([p.read_text() for p in here.rglob("*.ipynb")])
    except (psutil.Error, OSError):
        pass""",
    "link-to-the-solution": """
import os
for target in ("/sandbox/source.ipynb", "../../../source", "/proc/1/root"):
    try:
        os.symlink(target, "linked")
        print(open("linked/01_pixels/01_pixels.ipynb").read())
    except OSError:
        pass""",
    "data-changed": """
import digits_helpers
for file in digits_helpers.DATA.rglob("*.*"):
    try:
        file.write_bytes(b"")
    except OSError:
        pass""",
    "network": """
import socket, urllib.request
for address in (("1.1.1.1", 53), ("127.0.0.1", 22), ("127.0.0.1", 8000)):
    try:
        socket.create_connection(address, timeout=2)
        print("CONNECTED")
    except OSError:
        pass""",
    # more than its part
    "fork-bomb": """
import os, time
for _ in range(12):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(20)""",
    "memory-of-children": """
import subprocess, sys
code = "x = bytearray(2**30); x[::4096] = b'1' * len(x[::4096]); import time; time.sleep(30)"
children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(8)]
import time
time.sleep(30)""",
    "disk": """
import pathlib
try:
    for i in range(20):
        with open(f"/sandbox/out/big{i}", "wb") as file:
            file.truncate(500 * 2**20)
except OSError:
    pass
import time
time.sleep(2)""",
    "ten-million-lines": "for i in range(10_000_000):\n    print(i)",
    # what the teacher opens
    "script-shown": """
from IPython.display import HTML, Javascript, SVG, Markdown, Latex, display
script = "<script>fetch('/formgrader/api/grades')</script><img src=x onerror=alert(1)>"
display(HTML(script), Javascript("alert(1)"), Markdown(script))
display(Latex("$\\\\href{javascript:alert(1)}{x}$"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"))""",
}

LINKS = """<script>fetch('/formgrader')</script> <img src=x onerror="alert(1)">
[click](javascript:alert(1)) [again][x] <javascript:alert(1)> $\\href{javascript:alert(1)}{y}$
![](https://example.org/seen.png) <a href="javascript:alert(1)">here</a>

[x]: javascript:alert(1)
"""


def with_cell(code):
    """Return a blank with one more cell below the imports, and below each task if it answers it."""
    blank, more = read("release", NAME), []
    for cell in blank.cells:
        settings = cell.metadata.get("nbgrader", {})
        more.append(cell)
        is_code = cell.cell_type == "code" and not settings.get("grade")
        if is_code and (len(more) < 4 or DEFINE[:9] in code):
            more.append(nbformat.v4.new_code_cell(code.strip()))
    blank.cells = more
    return blank


def forged():
    """Return blanks whose metadata claim what is not so."""
    tests = [cell for cell in graded_cells(NAME) if not cell.endswith("meaning")]

    def changed(change):
        blank = copy.deepcopy(read("release", NAME))
        for cell in blank.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") in tests:
                change(cell)
        return blank

    def easy(cell):
        cell.source = "pass"
        cell.metadata.nbgrader.update(points=100, locked=False)

    def by_hand(cell):
        cell.metadata.nbgrader.update(solution=True, locked=False)

    def unknown(cell):
        cell.metadata.nbgrader.update(grade_id="mine", grade=False)

    def text(cell):
        cell.metadata.nbgrader.update(cell_type="markdown")
        cell.cell_type = "markdown"
        del cell["outputs"], cell["execution_count"]

    doubled = copy.deepcopy(read("release", NAME))
    for cell in [c for c in doubled.cells if c.metadata.get("nbgrader", {}).get("grade")]:
        twin = nbformat.v4.new_code_cell("pass", metadata=copy.deepcopy(cell.metadata))
        doubled.cells.append(twin)
    deleted = copy.deepcopy(read("release", NAME))
    tasks = set(solutions(NAME))
    deleted.cells = [
        cell
        for cell in deleted.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") not in tasks - {"meaning"}
    ]
    return {
        "tasks-deleted": deleted,
        "easy-tests": changed(easy),
        "tests-by-hand": changed(by_hand),
        "unknown-tests": changed(unknown),
        "tests-as-text": changed(text),
        "doubled-tests": doubled,
        "script-written": fill(NAME, {"meaning": LINKS}),
    }


def cheats():
    """Return all of them: label to notebook."""
    return {label: with_cell(code) for label, code in CELLS.items()} | forged()
