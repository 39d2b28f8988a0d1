"""What the notebooks print while a network trains, and the scoreboard at their end."""

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
    import digits_helpers.quiet_tensorflow  # noqa: F401
    import keras

    def on_epoch_end(epoch, logs):
        parts = [f"epoch {epoch + 1:2d}", f"loss {logs['loss']:.4f}"]
        parts.append(f"accuracy {100 * logs['accuracy']:.2f} %")
        if "val_loss" in logs:
            parts.append(f"validation loss {logs['val_loss']:.4f}")
            parts.append(f"accuracy {100 * logs['val_accuracy']:.2f} %")
        print("   ".join(parts))

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)


def scoreboard(notebook, rows):
    """Put this notebook's models below those of the earlier notebooks.

    Parameters
    ----------
    notebook : int
        The number of the notebook that asks.
    rows : dict of str to dict
        For each model its ``parameters`` (int), training ``seconds``, ``validation`` and ``test``
        accuracy in [0, 1]; what was not measured is left out.

    Returns
    -------
    pandas.DataFrame
        The rows of earlier notebooks, from ``data/scoreboard.csv``, and these, as text to read.
    """
    file = DATA / "scoreboard.csv"
    earlier = pd.read_csv(file, dtype=str, keep_default_na=False) if file.exists() else None
    if earlier is not None:
        earlier = earlier[earlier["notebook"] < f"{notebook:02d}"]
    board = pd.DataFrame(
        {
            "notebook": f"{notebook:02d}",
            "model": name,
            "parameters": f"{row['parameters']:,}" if "parameters" in row else "–",
            "training": f"{row['seconds']:.1f} s" if "seconds" in row else "–",
            "validation": f"{100 * row['validation']:.2f} %" if "validation" in row else "–",
            "test": f"{100 * row['test']:.2f} %" if "test" in row else "–",
        }
        for name, row in rows.items()
    )
    return pd.concat([earlier, board], ignore_index=True)
