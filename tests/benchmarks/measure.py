"""Measure where a reader waits: ``python tests/benchmarks/measure.py``.

With names after it only those groups: ``training`` (the network 784-512-256-128-10 as the notebooks
train it, as tutorials and other libraries do, and the bare matrix products), ``growth`` (seconds
against images, width and depth), ``waits`` (imports, data, first figure), ``pictures`` (a file to
an answer), ``explorables`` (a stroke to new bars, in Chromium), ``site`` (the landing page until
it predicts), ``notebooks`` (seconds and memory of each) and, only when asked for, ``suite`` (the
README's test command in a fresh clone, then once
more).

Results go to ``build/benchmarks/``: ``results.csv``, which grows by each run, ``results.md``, the
last run as tables, and ``training.png``. Nothing here passes or fails. Seconds depend on the
machine; compare the ratios, which are measured side by side in one run.
"""

import argparse
import ast
import csv
import json
import linecache
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "benchmarks"
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "torch")
HIDDEN = (512, 256, 128)
GOAL = 0.98  # of the test images


def from_notebook(number, *names, **given):
    """Return functions that a notebook defines, so that what is measured is what it teaches.

    What else they use, they find in what is given.
    """
    import digits_helpers.quiet_tensorflow
    import keras
    import tensorflow as tf

    (path,) = ROOT.glob(f"notebooks/{number:02d}_*.ipynb")
    scope = {"keras": keras, "np": np, "tf": tf} | given
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and any(f"def {name}(" in cell.source for name in names):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef) and node.name in names:
                    name = f"<{path.name}, {cell.id}>"
                    lines = cell.source.splitlines(keepends=True)
                    linecache.cache[name] = len(cell.source), None, lines, name  # for tf.function
                    exec(compile(ast.Module([node], []), name, "exec"), scope)
    return [scope[name] for name in names]


# ---------------------------------------------------------------- training, beside others


def stopwatch(test=None):
    """Return a Keras callback that notes the seconds of each epoch.

    With test images and labels it also notes the accuracy, off the clock, and stops at the goal.
    Graphs are built in the first epoch, which is a wait too.
    """
    import keras

    class Stopwatch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)
            if test:
                predictions = self.model.predict_on_batch(test[0]).argmax(axis=1)
                self.scores.append(float(np.mean(predictions == test[1])))
                self.model.stop_training = self.scores[-1] >= GOAL
            self.start = time.perf_counter()

    watch = Stopwatch()
    watch.seconds, watch.scores = [], []
    watch.start = time.perf_counter()
    return watch


def notebook_03(data):
    """Train as notebook 03: batches of 256, a falling rate, an epoch handed over at once."""
    (x, y), test = data
    build, train = from_notebook(3, "build", "train")
    model = build(HIDDEN)
    model.predict_on_batch(test[0])  # its graph is no part of training
    watch = stopwatch(test)
    train(model, x, y, 6, callbacks=[watch])
    return watch.seconds, watch.scores


def notebook_06(data):
    """Train as notebook 06 compiles it: a whole epoch in one graph, batches of 512, Adam 1e-3."""
    import keras
    import tensorflow as tf

    (x, y), (x_test, y_test) = data
    names = ["hidden 1", "hidden 2", "hidden 3", "out"]
    sizes = dict(zip(names, pairwise([784, *HIDDEN, 10]), strict=True))
    given = {"train_set": (tf.constant(x.reshape(len(x), -1)), tf.constant(y, tf.int32))}
    parts = ("initialize", "forward", "cross_entropy", "fused", "make_epoch")
    initialize, forward, _, fused, make_epoch = from_notebook(6, *parts, **given)
    draw = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(0))
    weights, biases = initialize(sizes, draw, 0.0)
    epoch = make_epoch(fused, weights, biases)
    images = tf.constant(x_test.reshape(len(x_test), -1))
    seconds, scores = [], []
    while len(scores) < 15 and max(scores, default=0) < GOAL:
        seconds.append(timed(lambda: (epoch(), weights["out"].numpy())))
        predictions = tf.argmax(forward(images, weights, biases), axis=1).numpy()
        scores.append(float(np.mean(predictions == y_test)))
    return seconds, scores


def keras_fit(data, batch=32, rate=1e-3, prepare=None):
    """Train by `fit`, at its defaults unless told otherwise."""
    import keras

    (x, y), test = data
    (build,) = from_notebook(3, "build")
    model = build(HIDDEN)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    given = {"x": prepare(x, y)} if prepare else {"x": x, "y": y, "batch_size": batch}
    model.predict_on_batch(test[0])
    watch = stopwatch(test)
    model.fit(**given, epochs=30, shuffle=not prepare, verbose=0, callbacks=[watch])
    return watch.seconds, watch.scores


def tutorial(data):
    """Train with the pipeline of the source tutorials: shuffle 60,000, batch 100, Adam 1e-4."""
    import tensorflow as tf

    def prepare(x, y):
        return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(60_000).batch(100).prefetch(1)

    return keras_fit(data, rate=1e-4, prepare=prepare)


def scikit_learn(data):
    """Train scikit-learn's network at its defaults: Adam 1e-3, batches of 200, weight decay."""
    from sklearn.neural_network import MLPClassifier

    (x, y), (x_test, y_test) = data
    model = MLPClassifier(HIDDEN, random_state=0)
    x, x_test = x.reshape(len(x), -1), x_test.reshape(len(x_test), -1)
    seconds, scores = [], []
    while len(scores) < 15 and max(scores, default=0) < GOAL:
        start = time.perf_counter()
        model.partial_fit(x, y, classes=range(10))  # one epoch
        seconds.append(time.perf_counter() - start)
        scores.append(model.score(x_test, y_test))
    return seconds, scores


def pytorch(data):
    """Train as PyTorch's own tutorials: a DataLoader that shuffles, batches of 64, Adam 1e-3."""
    import torch

    torch.manual_seed(0)
    (x, y), test = data
    images, labels = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(images, labels), batch_size=64, shuffle=True
    )
    sizes = [784, *HIDDEN, 10]
    layers = [torch.nn.Flatten()]
    for before, after in pairwise(sizes):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer, loss = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()
    seconds, scores = [], []
    while len(scores) < 15 and max(scores, default=0) < GOAL:
        start = time.perf_counter()
        for batch, truth in loader:
            optimizer.zero_grad()
            loss(model(batch), truth).backward()
            optimizer.step()
        seconds.append(time.perf_counter() - start)
        with torch.no_grad():
            predictions = model(torch.from_numpy(test[0])).argmax(dim=1).numpy()
        scores.append(float(np.mean(predictions == test[1])))
    return seconds, scores


def matrix_products(images, batch=256):
    """Return the seconds of an epoch's bare matrix products, forward and backward, best of five."""
    import tensorflow as tf

    sizes = [784, *HIDDEN, 10]
    x = [tf.random.normal((batch, size), seed=0) for size in sizes]
    w = [tf.random.normal(shape, seed=0) for shape in pairwise(sizes)]

    @tf.function
    def epoch(steps):
        total = 0.0
        for _ in tf.range(steps):
            for i, weights in enumerate(w):
                ahead = x[i] @ weights
                change = tf.matmul(x[i], x[i + 1], transpose_a=True)
                total += ahead[0, 0] + change[0, 0]
                if i:  # nothing lies before the pixels
                    total += tf.matmul(x[i + 1], weights, transpose_b=True)[0, 0]
        return total

    steps = tf.constant(-(-images // batch))
    epoch(steps)
    return min(timed(lambda: epoch(steps).numpy()) for _ in range(5))


def timed(action):
    """Return the seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


CONTENDERS = {
    "notebook 03, batches of 256": notebook_03,
    "notebook 06, compiled, batches of 512": notebook_06,
    "Keras fit at its defaults, batches of 32": keras_fit,
    "the tutorials' tf.data, batches of 100, Adam 1e-4": tutorial,
    "scikit-learn MLPClassifier": scikit_learn,
    "PyTorch, batches of 64": pytorch,
}


def training():
    """Compare seconds per epoch and seconds to the goal; draw accuracy against seconds."""
    import digits_helpers.quiet_tensorflow
    import keras
    import matplotlib.pyplot as plt
    from digits_helpers import load_split

    train, _, test = load_split()
    plt.style.use("digits_helpers.digits")
    fig, ax = plt.subplots(figsize=(8, 4.5))
    rows, limits = {}, []
    styles = iter(["o-", "P-", "s--", "^:", "D-.", "v-"])
    for name, contender in CONTENDERS.items():
        keras.utils.set_random_seed(0)
        limits.append(matrix_products(len(train[0])))
        try:
            seconds, scores = contender((train, test))
        except ModuleNotFoundError as error:
            print(f"{name}: left out, {error}", flush=True)
            continue
        epoch = min(seconds[1:] or seconds)  # the first one builds graphs
        reached = sum(seconds) if scores[-1] >= GOAL else np.nan
        rows[name] = {"seconds an epoch": epoch, "seconds to 98 %": reached, "epochs": len(scores)}
        rows[name] |= {"seconds in all": sum(seconds), "last accuracy": scores[-1]}
        ax.plot(np.cumsum(seconds), 100 * np.array(scores), next(styles), ms=4, label=name)
        print(f"{name}: {epoch:.2f} s an epoch, {reached:.0f} s to 98 %", flush=True)
    limit = min(limits)
    table = pd.DataFrame(rows).T
    table["epoch / matrix products"] = table["seconds an epoch"] / limit
    table["to 98 % / notebook 03"] = table["seconds to 98 %"] / table["seconds to 98 %"].iloc[0]
    table.loc["the matrix products alone, batches of 256", "seconds an epoch"] = limit
    ax.axhline(100 * GOAL, color="#444444", lw=0.8)
    ax.set(title="Test accuracy against seconds of training", ylim=(92, 98.6), xscale="log")
    ax.set(xlabel="seconds of training", ylabel="test accuracy (%)")
    ax.legend(loc="lower right", fontsize=8)
    fig.savefig(OUTPUT / "training.png")
    return table.rename_axis("training of 784-512-256-128-10")


def growth():
    """Measure seconds an epoch against images, width and depth, and fit slopes in logarithms."""
    from digits_helpers import load_split

    (x, y), *_ = load_split()
    build, train = from_notebook(3, "build", "train")

    def epoch(images, hidden):
        watch = stopwatch()
        train(build(hidden), x[:images], y[:images], 3, callbacks=[watch])
        return min(watch.seconds[1:])

    sweeps = {
        "images, 512-256-128": [(n, (n, HIDDEN)) for n in (6_875, 13_750, 27_500, 55_000)],
        "width, two layers": [(w, (27_500, [w, w])) for w in (128, 256, 512, 1024)],
        "depth, layers of 256": [(d, (27_500, [256] * d)) for d in (1, 2, 4, 8)],
    }
    rows = {}
    for name, sweep in sweeps.items():
        sizes, seconds = zip(*[(size, epoch(*case)) for size, case in sweep], strict=True)
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        rows[name] = {"from": sizes[0], "to": sizes[-1], "seconds": seconds[0]}
        rows[name] |= {"seconds at the end": seconds[-1], "slope": slope}
        print(f"{name}: seconds grow with the power {slope:.2f}", flush=True)
    return pd.DataFrame(rows).T.rename_axis("an epoch grows with")


# ---------------------------------------------------------------- where readers wait

FIRST_GRID = """from digits_helpers import load_mnist, plot_digits, show
(images, labels), _ = load_mnist()
show(plot_digits(images[:9], labels[:9], columns=3), alt="nine digits with labels")"""
IN_A_PROCESS = {
    "Python itself": "pass",
    "import digits_helpers": "import digits_helpers",
    "import numpy": "import numpy",
    "load_mnist": "from digits_helpers import load_mnist; load_mnist()",
    "import tensorflow": "import digits_helpers.quiet_tensorflow",
}


def waits():
    """Measure what comes before the first digit, each in a fresh process, best of five."""
    rows = {}
    for name, code in IN_A_PROCESS.items():
        command = [sys.executable, "-c", code]
        rows[name] = min(timed(lambda: subprocess.run(command, check=True)) for _ in range(5))  # noqa: B023
    rows["first grid of digits, from the start of a kernel"] = min(
        timed(lambda: run_notebook(FIRST_GRID)) for _ in range(3)
    )
    table = pd.DataFrame({"seconds": rows})
    table["without Python's start"] = table["seconds"] - rows["Python itself"]
    return table.rename_axis("a cold start")


def run_notebook(code):
    """Run code as a notebook of one cell in a fresh kernel."""
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3").execute()


def pictures():
    """Measure a file to an answer and a page of digits, by ``bench_pictures.py``."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        bench = Path(__file__).with_name("bench_pictures.py")
        options = ["-q", "-n", "0", f"--benchmark-json={results}"]
        subprocess.run([sys.executable, "-m", "pytest", *options, bench], cwd=ROOT, check=True)
        measured = json.loads(results.read_text(encoding="utf-8"))["benchmarks"]
    rows = {f"{m['group']}: {m['param']}": {"seconds": m["stats"]["median"]} for m in measured}
    return pd.DataFrame(rows).T.rename_axis("pictures, median")


WATCH = """() => {
    let asked = 0;
    window.waits = [];
    const pad = document.querySelector('[role=application]');
    const bars = document.querySelector('.digits-bars');
    pad.addEventListener('pointermove', () => (asked ||= performance.now()), true);
    new MutationObserver(() => {
        if (asked) window.waits.push(performance.now() - asked);
        asked = 0;
    }).observe(bars, {subtree: true, attributes: true, childList: true});
}"""


def explorables():
    """Measure milliseconds from a point of a stroke to the new bars, in Chromium.

    That includes the wait for the next frame, at most 17 ms.
    """
    sys.path.append(str(ROOT / "tests" / "browser"))
    from bare_host import open_figure
    from chromium import CHROMIUM, FLAGS, sync_playwright
    from digits_helpers import draw_digit, load_reference_model, look_inside

    figures = {"draw_digit": (draw_digit(), None)}
    figures["draw_digit, mlp_plain"] = draw_digit(load_reference_model("mlp_plain")), None
    for network in look_inside().networks:
        figures[f"look_inside, {network['name']}"] = look_inside(), network["name"]
    rows = {}
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        for name, (widget, network) in figures.items():
            open_figure(page, widget)
            if network:
                page.get_by_role("radio", name=network).click()
            page.evaluate(WATCH)
            box = page.get_by_role("application").bounding_box()
            for turn in np.linspace(0, 4 * np.pi, 60):  # a 0, twice
                x, y = 0.5 + 0.2 * np.sin(turn), 0.5 - 0.3 * np.cos(turn)
                page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
                if turn == 0:
                    page.mouse.down()
            page.mouse.up()
            waits = page.evaluate("window.waits")
            rows[name] = {"median ms": np.median(waits), "slowest ms": max(waits)}
    return pd.DataFrame(rows).T.rename_axis("from a stroke to new bars")


def site():
    """Measure the site's landing page in a new browser: until it predicts, and what it loads."""
    sys.path.append(str(ROOT / "tests" / "browser"))
    import test_site
    from chromium import CHROMIUM, FLAGS, sync_playwright

    rows = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        seconds = timed(lambda: test_site.build(folder))
        rows["build"] = {"seconds": seconds}
        for run in range(3):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            with test_site.serve(folder) as address:
                tab = browser.new_page()
                sizes = test_site.weigh(tab)
                seconds = timed(lambda: test_site.draw_first_digit(tab, address))  # noqa: B023
                kilobytes = sum(sizes.values()) / 1000
            browser.close()
            rows[f"first drawn prediction, {run + 1}"] = {"seconds": seconds, "kB": kilobytes}
    return pd.DataFrame(rows).T.rename_axis("the site's landing page")


def notebooks():
    """Run every notebook; return its seconds and the largest memory of its kernel."""
    sys.path.append(str(ROOT / "tests" / "regression"))
    from refresh import execute

    rows = {}
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        done, peak = threading.Event(), []
        watcher = threading.Thread(target=watch_memory, args=(done, peak))
        watcher.start()
        seconds = timed(lambda: execute(path))  # noqa: B023
        done.set()
        watcher.join()
        rows[path.stem] = {"seconds": seconds, "GB": max(peak) / 1e9}
        print(f"{path.stem}: {seconds:.0f} s, {max(peak) / 1e9:.2f} GB", flush=True)
    return pd.DataFrame(rows).T.rename_axis("notebooks")


def watch_memory(done, peak):
    """Note the memory of all processes below this one, four times a second."""
    while not done.wait(0.25):
        used = 0
        for process in psutil.Process().children(recursive=True):
            try:
                used += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        peak.append(used)


def suite():
    """Run the README's test command in a fresh clone; return the seconds of its parts."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = next(line for line in readme.splitlines() if line.endswith("pytest"))
    create, install, test = command.split(" && ")
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "digits")
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)

        def run(line):
            return timed(lambda: subprocess.run(line, shell=True, cwd=clone, check=False))

        rows = {"installation": run(f"{create} && {install}"), "pytest": run(test)}
        rows["pytest once more"] = run(test)
    rows["the whole command, cold"] = rows["installation"] + rows["pytest"]
    return pd.DataFrame({"seconds": rows}).rename_axis("the test command")


GROUPS = {
    group.__name__: group
    for group in (training, growth, waits, pictures, explorables, site, notebooks, suite)
}


def versions():
    """Return the versions of what was measured, as one line."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return ", ".join(f"{package} {number}" for package, number in found.items())


def main(arguments):
    """Measure the groups that are asked for, print and store them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("groups", nargs="*", metavar="group", help=", ".join(GROUPS))
    names = parser.parse_args(arguments).groups or [name for name in GROUPS if name != "suite"]
    if unknown := set(names) - set(GROUPS):
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join(GROUPS)}")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    lines = [f"# Measured on {date.today()}", "", f"{machine}; {versions()}", ""]
    with open(OUTPUT / "results.csv", "a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for name in names:
            table = GROUPS[name]().astype(float)
            lines += ["```", table.map("{:.3g}".format).replace("nan", "–").to_string(), "```", ""]
            print(f"\n{table.round(3).to_string()}\n", flush=True)
            for row, figures in table.iterrows():
                for figure, value in figures.dropna().items():
                    writer.writerow([date.today(), name, row, figure, f"{value:.4g}", versions()])
    (OUTPUT / "results.md").write_text("\n".join(lines), encoding="utf-8")
    print(f"stored in {OUTPUT.relative_to(ROOT)}/")


if __name__ == "__main__":
    main(sys.argv[1:])
