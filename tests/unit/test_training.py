"""What is printed while a network trains, and the scoreboard."""

import re

import digits_helpers.quiet_tensorflow
import keras
import numpy as np
import pandas as pd
import pytest
from digits_helpers import DATA, print_epochs, progress_bar, record_weights, scoreboard


def numbers(line):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line)]


def test_each_epoch_of_a_training_prints_the_numbers_of_the_history(capsys):
    random = np.random.default_rng(0)
    x, y = random.random((60, 4), np.float32), random.integers(0, 3, 60)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x[:40], y[:40], epochs=3, verbose=0, validation_data=(x[40:], y[40:]),
        callbacks=[print_epochs()],
    ).history  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for i, line in enumerate(lines):
        epoch, loss, accuracy, validation_loss, validation_accuracy = numbers(line)
        assert epoch == i + 1
        assert loss == pytest.approx(history["loss"][i], abs=6e-5)
        assert accuracy == pytest.approx(100 * history["accuracy"][i], abs=6e-3)
        assert validation_loss == pytest.approx(history["val_loss"][i], abs=6e-5)
        assert validation_accuracy == pytest.approx(100 * history["val_accuracy"][i], abs=6e-3)
        assert not re.search(r"\d *(ms|s|it/s|min)\b", line)


def test_without_validation_data_there_is_no_word_of_validation(capsys):
    print_epochs().on_epoch_end(9, {"loss": 0.25, "accuracy": 0.875})
    line = capsys.readouterr().out
    assert numbers(line) == [10, 0.25, 87.5]
    assert "validation" not in line


def test_the_columns_stand_under_each_other(capsys):
    callback = print_epochs()
    logs = {"loss": 0.12345, "accuracy": 0.98765, "val_loss": 0.1, "val_accuracy": 0.98}
    callback.on_epoch_end(8, logs)
    callback.on_epoch_end(9, logs)
    ninth, tenth = capsys.readouterr().out.splitlines()
    assert ninth.split("loss", 1)[1] == tenth.split("loss", 1)[1]
    assert len(ninth) == len(tenth)


def test_a_progress_bar_leaves_steps_seconds_and_the_numbers_of_each_epoch(capsys):
    x, y = np.eye(40, 4, dtype=np.float32), np.zeros(40)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x, y, epochs=2, batch_size=16, verbose=0, validation_data=(x, y),
        callbacks=[progress_bar()],
    ).history  # fmt: skip
    lines = [line.rpartition("\r")[2] for line in capsys.readouterr().out.split("\n")[:-1]]
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    for i, line in enumerate(lines[1::2]):
        bar, *parts = line.split(" - ")
        assert re.fullmatch(r"3/3 ━{20} \d+ s", bar)  # 40 images in batches of 16
        names = ["accuracy", "loss", "val_accuracy", "val_loss"]
        assert parts == [f"{name}: {history[name][i]:.4f}" for name in names]


def test_a_progress_bar_grows_from_step_to_step(capsys, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("digits_helpers.training.time.perf_counter", lambda: next(clock))
    bar = progress_bar()
    bar.set_params({"epochs": 1, "steps": 200})
    bar.on_epoch_begin(0)
    for batch in (9, 99, 199):
        bar.on_train_batch_end(batch, {"loss": 1.0})
    lines = capsys.readouterr().out.partition("\n")[2].split("\r")
    assert [line.count("━") for line in lines[:3]] == [1, 10, 20]
    assert [line.split("/")[0] for line in lines[:3]] == [" 10", "100", "200"]


def test_weights_are_recorded_before_training_and_after_the_steps_that_were_asked_for():
    x, y = np.ones((40, 1), np.float32), np.zeros(40)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.layers[0].set_weights([np.array([[1.0]])])
    model.compile(keras.optimizers.SGD(0.25), "mse")  # halves the weight in each step
    recorder = record_weights([0, 1, 3, 6, 7])
    model.fit(x, y, epochs=2, batch_size=16, verbose=0, callbacks=[recorder])
    assert recorder.steps == [0, 1, 3, 6]
    assert [weights[0].item() for weights in recorder.weights] == [1, 1 / 2, 1 / 8, 1 / 64]


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Put a scoreboard of three notebooks in the place of the project's."""
    monkeypatch.setattr("digits_helpers.training.DATA", tmp_path)
    (tmp_path / "scoreboard.csv").write_text(
        "notebook,model,parameters,training,validation,test,pictures\n"
        "01,guess,1,–,11.24 %,11.35 %,–\n"
        '02,single layer,"7,850",9.1 s,92.62 %,92.60 %,–\n'
        "03,deep,99,60.0 s,98.00 %,98.00 %,–\n",
        encoding="utf-8",
    )
    return tmp_path / "scoreboard.csv"


def test_earlier_rows_come_first_and_then_this_notebooks_in_their_order(stored):
    board = scoreboard(3, {"wide": {"test": 0.5}, "deep": {"test": 0.25}})
    assert board["notebook"].tolist() == ["01", "02", "03", "03"]
    assert board["model"].tolist() == ["guess", "single layer", "wide", "deep"]
    assert board["test"].tolist() == ["11.35 %", "92.60 %", "50.00 %", "25.00 %"]
    assert board.index.tolist() == [0, 1, 2, 3]


def test_numbers_are_written_to_be_read(stored):
    row = {"parameters": 669_706, "training": 61.26, "validation": 0.98504, "test": 0.9851}
    last = scoreboard(3, {"mlp": row}).iloc[-1]
    assert last.tolist() == ["03", "mlp", "669,706", "61.3 s", "98.50 %", "98.51 %"]


def test_what_was_not_measured_is_a_dash(stored):
    last = scoreboard(3, {"always 1": {"test": np.float64(0.1135)}}).iloc[-1]
    assert last.tolist() == ["03", "always 1", "–", "–", "–", "11.35 %"]


def test_the_samples_are_a_column_once_a_model_was_tried_on_them(stored):
    assert "pictures" not in scoreboard(3, {"deep": {}}).columns
    board = scoreboard(6, {"by hand": {"pictures": np.int64(170)}})
    assert board["pictures"].tolist() == ["–", "–", "–", "170"]


def test_a_second_run_replaces_the_rows_of_the_first(stored):
    rows = {"single layer": {"parameters": 7850, "test": 0.926}, "narrow": {"parameters": 5}}
    first = scoreboard(2, rows)
    first.to_csv(stored, index=False, encoding="utf-8")
    pd.testing.assert_frame_equal(scoreboard(2, rows), first)
    assert first["model"].tolist() == ["guess", "single layer", "narrow"]


def test_notebook_10_comes_after_notebook_9(stored):
    scoreboard(9, {"nine": {}}).to_csv(stored, index=False, encoding="utf-8")
    assert scoreboard(10, {"ten": {}})["model"].tolist()[-2:] == ["nine", "ten"]


def test_the_scoreboard_is_not_written_by_looking_at_it(stored):
    before = stored.read_bytes()
    scoreboard(2, {"other": {"test": 0.1}})
    assert stored.read_bytes() == before


def test_the_projects_own_board_opens_with_the_baselines():
    board = scoreboard(2, {})
    assert (board["notebook"] == "01").all()
    assert "11.35 %" in board["test"].tolist()  # 1,135 of the 10,000 test digits are a 1
    assert (DATA / "scoreboard.csv").is_file()
