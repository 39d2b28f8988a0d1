"""Run many trainings in parallel, and keep what each of them reached in a table."""

import csv
import math
import os
import pickle
from io import StringIO
from pathlib import Path

import pandas as pd


def run_experiments(train, settings, table):
    """Call `train` with each of the settings, in parallel, and keep each result in a file.

    A setting that has a row in the table is not run again, so a sweep that was interrupted goes on
    where it stopped. After a change of `train` delete the table. How many run at a time, and where,
    is said outside, by ``with joblib.parallel_config(...):``; without that, one after the other.

    Parameters
    ----------
    train : callable
        Called as ``train(**setting)``, in another process; returns a dict of the numbers that it
        reached, with the same names each time, among them ``"loss"``.
    settings : list of dict
        The arguments of each run, all with the same names; values that differ must differ as text.
        A setting that is there twice is run once.
    table : str or pathlib.Path
        The CSV file, made where there is none: a row to a run, written as soon as it has ended.

    Returns
    -------
    pandas.DataFrame
        A row for each setting, in their order: its arguments, ``status``, and the numbers reached.
        The status is ``"ok"``; or ``"diverged"`` where the loss is not finite, and then all the
        numbers are missing (NaN), so that no mean takes them in.

    Raises
    ------
    ValueError
        If there is no setting, or settings have different names, `train` returns no loss or a name
        of the settings, or the table has other columns or is damaged.
    RuntimeError
        If a run fails; it says which and why. The rows of those that ended before it are kept.
    """
    import cloudpickle
    import joblib
    from tqdm.auto import tqdm

    if not settings:
        raise ValueError("expected at least one setting, got none")
    table, names = Path(table), list(settings[0])
    for setting in settings:
        if list(setting) != names:
            raise ValueError(
                f"expected settings of the same names in the same order, got {names} "
                f"and {list(setting)}"
            )
    rows = _read(table, names)
    missing = {_key(setting): setting for setting in settings if _key(setting) not in rows}
    pickled = cloudpickle.dumps(train)
    runs = joblib.Parallel(return_as="generator_unordered")(
        joblib.delayed(_run)(pickled, setting) for setting in missing.values()
    )
    for setting, reached in tqdm(runs, table.name, len(missing), disable=not missing):
        rows[_key(setting)] = _append(table, setting, reached)
    reached = pd.DataFrame([rows[_key(setting)] for setting in settings])
    numbers = reached.drop(columns="status").apply(pd.to_numeric)
    return pd.concat([pd.DataFrame(settings), reached["status"], numbers], axis=1)


def _key(setting):
    """Return what tells a setting from others: its values as the table has them."""
    return tuple(str(value) for value in setting.values())


def _run(pickled, setting):
    """Train once; return the setting too, because runs end in any order."""
    # joblib and Dask say so how many threads a process may have, but TensorFlow does not look there
    if threads := os.environ.get("OMP_NUM_THREADS"):
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", threads)
    import digits_helpers.quiet_tensorflow  # must come before `train`, which brings Keras with it

    try:
        return setting, pickle.loads(pickled)(**setting)
    except Exception as error:  # some of TensorFlow's cannot travel from process to process
        raise RuntimeError(
            f"the experiment {setting} ended with {type(error).__name__}: {error}"
        ) from None


def _append(table, setting, reached):
    """Write a row at the end of the table; return the part of it that was reached."""
    if "loss" not in reached or not reached.keys().isdisjoint({*setting, "status"}):
        raise ValueError(
            "expected train to return a dict with a 'loss' and no name of a setting nor 'status', "
            f"got {list(reached)}"
        )
    ok = math.isfinite(reached["loss"])
    row = {name: str(value) if ok else "" for name, value in reached.items()}
    row = {"status": "ok" if ok else "diverged"} | row
    lines = StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    if not table.exists() or table.stat().st_size == 0:
        writer.writerow([*setting, *row])
    writer.writerow([*_key(setting), *row.values()])
    with table.open("a", newline="", encoding="utf-8") as file:
        file.write(lines.getvalue())
    return row


def _read(table, names):
    """Return what was reached in each row of the table, by the row's key."""
    if not table.exists():
        return {}
    text = table.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:  # interrupted in the middle of a row
        table.write_text(whole, encoding="utf-8", newline="\n")
    header, *rows = csv.reader(StringIO(whole)) if whole else [[*names, "status"]]
    count, fix = len(names), "delete the file to run all experiments again, or give another name"
    if header[: count + 1] != [*names, "status"]:
        raise ValueError(
            f"{table}: expected columns that begin with {', '.join([*names, 'status'])}, "
            f"found {', '.join(header)}; {fix}"
        )
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise ValueError(
                f"{table}, line {number}: expected {len(header)} values, found {len(row)}; {fix}"
            )
    return {tuple(row[:count]): dict(zip(header[count:], row[count:], strict=True)) for row in rows}
