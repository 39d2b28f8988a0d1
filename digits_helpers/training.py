"""What the notebooks print while a network trains, and the scoreboard at their end."""

import time

import pandas as pd
from digits_helpers.data import DATA


def print_epochs():
    """Print loss and accuracy after every epoch, without durations.

    Keras' own progress bar shows seconds, which differ from run to run; this is what the stored
    pages can be compared by.

    Returns
    -------
    keras.callbacks.Callback
        For ``model.fit(..., verbose=0, callbacks=[print_epochs()])``.
    """
    import digits_helpers.quiet_tensorflow
    import keras

    def on_epoch_end(epoch, logs):
        parts = [f"epoch {epoch + 1:2d}", f"loss {logs['loss']:.4f}"]
        parts.append(f"accuracy {100 * logs['accuracy']:.2f} %")
        if "val_loss" in logs:
            parts.append(f"validation loss {logs['val_loss']:.4f}")
            parts.append(f"accuracy {100 * logs['val_accuracy']:.2f} %")
        print("   ".join(parts))

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)


def progress_bar():
    """Show a progress bar while a network trains, and leave a line for each epoch.

    It shows what Keras' own bar shows, in its order: steps, seconds, loss and metrics. Keras
    redraws its bar in colors and adds milliseconds per step; the lines that remain of this one are
    the same in two runs but for the seconds.

    Returns
    -------
    keras.callbacks.Callback
        For ``model.fit(..., verbose=0, callbacks=[progress_bar()])``.
    """
    import digits_helpers.quiet_tensorflow
    import keras

    class ProgressBar(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = self.drawn = time.perf_counter()
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")

        def on_train_batch_end(self, batch, logs=None):
            if time.perf_counter() - self.drawn > 0.2:
                self.drawn = time.perf_counter()
                self.draw(batch + 1, logs, end="\r")

        def on_epoch_end(self, epoch, logs=None):
            self.draw(self.params["steps"], logs, end="\n")

        def draw(self, step, logs, end):
            steps = self.params["steps"]
            bar = "━" * (20 * step // steps)
            seconds = time.perf_counter() - self.started
            line = f"{step:{len(str(steps))}}/{steps} {bar:─<20} {seconds:.0f} s"
            numbers = [f"{name}: {value:.4f}" for name, value in sorted(logs.items())]
            print(" - ".join([line, *numbers]), end=end, flush=True)

    return ProgressBar()


def record_weights(steps):
    """Keep a copy of a model's weights at some steps of its training.

    Parameters
    ----------
    steps : collection of int
        After which iterations: 0 is before the first one. With ``steps_per_execution=20`` only
        every 20th is seen, and the last of each epoch.

    Returns
    -------
    keras.callbacks.Callback
        For ``model.fit``. Its ``steps`` are those of them that were reached, its ``weights`` at
        each the list of arrays that ``model.get_weights()`` returned.
    """
    import digits_helpers.quiet_tensorflow
    import keras

    class Recorder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.steps, self.weights = [], []

        def keep(self, *_, **__):
            if (step := int(self.model.optimizer.iterations)) in steps:
                self.steps.append(step)
                self.weights.append(self.model.get_weights())

        on_train_begin = on_train_batch_end = keep

    return Recorder()


def scoreboard(notebook, rows):
    """Put this notebook's models below those of the earlier notebooks.

    Parameters
    ----------
    notebook : int
        The number of the notebook that asks.
    rows : dict of str to dict
        For each model its ``parameters`` (int), the seconds of its ``training``, its
        ``validation`` and ``test`` accuracy in [0, 1], and how many of the sample pictures
        (`load_sample_pictures`) it reads, ``pictures`` (int); what was not measured is left out.

    Returns
    -------
    pandas.DataFrame
        The rows of earlier notebooks, from ``data/scoreboard.csv``, and these, as text to read;
        without the column ``pictures`` as long as no row fills it.
    """
    columns = {
        "parameters": "{:,}".format,
        "training": "{:.1f} s".format,
        "validation": lambda fraction: f"{100 * fraction:.2f} %",
        "test": lambda fraction: f"{100 * fraction:.2f} %",
        "pictures": "{:d}".format,
    }
    stored = pd.read_csv(DATA / "scoreboard.csv", dtype=str, keep_default_na=False)
    stored = stored.reindex(columns=["notebook", "model", *columns], fill_value="–")
    here = [
        {"notebook": f"{notebook:02d}", "model": name}
        | {key: write(row[key]) if key in row else "–" for key, write in columns.items()}
        for name, row in rows.items()
    ]
    earlier = stored[stored["notebook"] < f"{notebook:02d}"]
    board = pd.concat([earlier, pd.DataFrame(here, columns=stored.columns)], ignore_index=True)
    return board.drop(columns="pictures") if (board["pictures"] == "–").all() else board
