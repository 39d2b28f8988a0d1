"""Contain code that nobody has read: no network, no files but its own, limits on what it takes.

It is made by bubblewrap (``bwrap``), which Linux distributions have as a package. What runs in it
sees the system's programs and libraries, Python's packages, the helpers and the data of the
project, all of them read-only, and the folders that are named. It does not see other processes,
homes, submissions, sources or the gradebook, and all of its processes end with it.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[2]
GIGABYTE = 2**30
MEMORY, FILE, PROCESSES = 4 * GIGABYTE, GIGABYTE // 2, 100
"""What a submission may have: bytes of memory, bytes of a file, processes."""

PASSED = "PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts",
    "/etc/ld.so.cache", "/etc/localtime",
)  # fmt: skip
LIMIT = f"""
import os, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}))
    resource.setrlimit(resource.RLIMIT_FSIZE, ({FILE}, {FILE}))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass  # not every system has all of these limits
os.execv(sys.argv[1], sys.argv[1:])
"""
MISSING = (
    "nothing was graded: submissions are programs that nobody has read, and bubblewrap, which "
    "keeps them apart from your files and from the network, is not here or may not work "
    "({reason}). On Debian and Ubuntu: sudo apt-get install bubblewrap. Other systems: grade in a "
    "container. With --no-sandbox they run with all the rights of your account"
)


@functools.cache
def lacks():
    """Return why there is no sandbox on this machine, or an empty string."""
    if not shutil.which("bwrap"):
        return "no program bwrap"
    probe = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def environment(home, path):
    """Return the variables of a contained process: a home of its own, and nothing of ours."""
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    if sys.platform == "win32":
        passed |= {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    own = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    return passed | own | {"PYTHONPATH": str(path), "PYTHONNOUSERSITE": "1", "MPLBACKEND": "agg"}


def contained(command, *, inside, readable=(), writable=()):
    """Return a command that runs another one in a sandbox.

    Parameters
    ----------
    command : list of str
        Begins with the path of a program.
    inside : str
        The folder in which it starts.
    readable, writable : iterable of (folder, name)
        What it sees beside system, Python and project, and under which name.
    """
    python = dict.fromkeys(os.path.realpath(path) for path in (sys.base_prefix, sys.prefix))
    shown = [(path, path) for path in [*SYSTEM, *python, sys.prefix]]
    shown += [(PROJECT / name, f"/sandbox/project/{name}") for name in ("digits_helpers", "data")]
    shown += [(Path(__file__).with_name("exchange.py"), "/sandbox/project/exchange.py"), *readable]
    options = ["--die-with-parent", "--new-session", "--unshare-all", "--uid", "1000"]
    options += ["--proc", "/proc", "--dev", "/dev", "--size", str(GIGABYTE), "--tmpfs", "/tmp"]
    options += ["--size", str(GIGABYTE), "--tmpfs", "/home", "--dir", "/home/learner"]
    for kind, pairs in (("--ro-bind-try", shown), ("--bind", writable)):
        for folder, name in pairs:
            options += [kind, str(folder), str(name)]
    options += ["--clearenv", "--chdir", inside]
    for name, value in environment("/home/learner", "/sandbox/project").items():
        options += ["--setenv", name, value]
    return [shutil.which("bwrap"), *options, "--", *limited(command)]


def limited(command):
    """Return a command that starts another one with limits on memory and files."""
    if sys.platform == "win32":  # it has no such limits
        return command
    return [sys.executable, "-S", "-c", LIMIT, *command]


class Watch:
    """Ends a process and its children when together they have too much memory or are too many."""

    def __init__(self, pid, folder):
        """Watch a process, and the bytes that it writes to a folder."""
        self.process, self.folder = psutil.Process(pid), folder
        self.megabytes, self.cpu, self.ended = 0, 0, ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)
        self._thread.start()

    def look(self):
        """Measure; end the processes if it is too much."""
        family, memory, cpu, written = [self.process], 0, 0, 0
        with contextlib.suppress(psutil.Error):
            family += self.process.children(recursive=True)
        for each in family:
            with contextlib.suppress(psutil.Error):  # it may have just ended
                memory += each.memory_info().rss
                cpu += sum(each.cpu_times()[:2])  # user and system
        for folder, _, files in os.walk(self.folder):
            for file in files:
                with contextlib.suppress(OSError):
                    written += os.lstat(os.path.join(folder, file)).st_size
        self.megabytes, self.cpu = max(self.megabytes, memory / 2**20), max(self.cpu, cpu)
        for too_much, what in (
            (memory > MEMORY, f"more than {MEMORY // GIGABYTE} GB of memory"),
            (len(family) > PROCESSES, f"more than {PROCESSES} processes"),
            (written > 2 * GIGABYTE, "more than 2 GB of files"),
        ):
            if too_much and not self.ended:
                self.ended = f"the notebook took {what}"
                for each in family:
                    with contextlib.suppress(psutil.Error):
                        each.kill()

    def _look_again_and_again(self):
        while not self._stop.wait(0.5):
            self.look()

    def stop(self):
        """Look once more, then no longer."""
        self._stop.set()
        self._thread.join()
