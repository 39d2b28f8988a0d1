"""What the command `digits read` prints and returns."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from digits_helpers import read_digits
from digits_helpers.command import main
from digits_helpers.pictures.results import Digit, Reading
from PIL import Image

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "data" / "handwriting"
ROW = PICTURES / "row-drawn_386154.png"
SHEET = PICTURES / "page-photo_2026-1121-358.jpg"


@pytest.fixture
def blank(tmp_path):
    Image.new("L", (100, 80), 255).save(path := tmp_path / "blank.png")
    return str(path)


@pytest.fixture
def page_called_png(tmp_path):
    (path := tmp_path / "five.png").write_text("<!DOCTYPE html><html></html>", encoding="utf-8")
    return str(path)


def test_the_digits_are_printed_row_by_row(capsys):
    assert main(["read", str(ROW), str(SHEET)]) == 0
    out, err = capsys.readouterr()
    assert f"{ROW}: 386154\n" in out
    assert f"{SHEET}: 2026\n  1121\n  358" in out
    assert err == ""


def test_json_holds_what_read_digits_returns(capsys):
    assert main(["read", "--json", str(SHEET)]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    expected = read_digits(SHEET)
    assert printed["picture"] == str(SHEET)
    assert (printed["rotation"], printed["note"]) == (expected.rotation, expected.note)
    assert [digit["label"] for digit in printed["digits"]] == [digit.label for digit in expected]
    for one, other in zip(printed["digits"], expected, strict=True):
        assert (tuple(one["box"]), one["row"]) == (other.box, other.row)
        assert (one["doubtful"], one["doubt"]) == (other.doubtful, other.doubt)
        np.testing.assert_allclose(one["probabilities"], other.probabilities, atol=1e-4)
        np.testing.assert_allclose(one["confidence"], other.confidence, atol=1e-4)
    boxes = [tuple(thing["box"]) for thing in printed["left_out"]]
    assert boxes == [thing.box for thing in expected.left_out]


def test_what_is_noted_of_a_picture_is_in_the_json(monkeypatch, capsys):
    digit = Digit(6, np.eye(10)[6], (1, 2, 3, 4), 0, "not clearly a digit")
    reading = Reading([digit], note="it may lie on its side")
    monkeypatch.setattr("digits_helpers.pictures.reading.read_digits", lambda path: reading)
    main(["read", "--json", str(SHEET)])
    (printed,) = json.loads(capsys.readouterr().out)
    assert printed["note"] == "it may lie on its side"
    assert printed["digits"][0]["doubt"] == "not clearly a digit"


def test_the_picture_is_drawn_with_what_was_read(tmp_path, capsys):
    out = tmp_path / "read.png"
    assert main(["read", str(ROW), "--annotate", str(out)]) == 0
    with Image.open(out) as drawn:
        assert drawn.format == "PNG"
        assert len(drawn.convert("RGB").getcolors(10**6)) > 20


def test_without_a_digit_the_code_is_1_and_a_message_says_so(blank, capsys):
    assert main(["read", blank]) == 1
    out, err = capsys.readouterr()
    assert "no digit" in out + err
    assert "blank.png" in out + err


def test_an_unusable_file_gives_2_and_says_what_it_is(page_called_png, capsys):
    assert main(["read", page_called_png]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("digits: ")
    assert err.count("five.png") == 1
    assert "web page" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("path", ["nothing.png", "."])
def test_a_missing_file_and_a_folder_are_unusable(path, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["read", path]) == 2
    assert path in capsys.readouterr().err


def test_the_other_pictures_are_read_after_an_unusable_one(page_called_png, blank, capsys):
    assert main(["read", page_called_png, blank, str(ROW)]) == 2
    assert f"{ROW}: 386154" in capsys.readouterr().out
    assert main(["read", blank, str(ROW)]) == 1


def test_messages_are_in_the_json_too(page_called_png, blank, capsys):
    assert main(["read", "--json", page_called_png, blank]) == 2
    unusable, empty = json.loads(capsys.readouterr().out)
    assert "web page" in unusable["message"]
    assert unusable["digits"] == empty["digits"] == []


def test_the_frame_of_an_animation_is_said_once_without_a_traceback(tmp_path, capsys):
    row = Image.open(ROW).convert("L")
    path = tmp_path / "row.gif"
    Image.new("L", row.size, 255).save(path, save_all=True, append_images=[row])
    assert main(["read", str(path), "--annotate", str(tmp_path / "out.png")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{path}: 386154")
    assert err.count("2 frames: number 2 is read") == 1
    assert "Warning" not in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required"),
        (["read"], "PICTURE"),
        (["read", "a.png", "b.png", "--annotate", "out.png"], "one picture"),
        (["read", "a.png", "--annotate", "out.txt"], ".png"),
        (["write", "a.png"], "invalid choice"),
    ],
)
def test_wrong_arguments_end_with_2_and_a_usage(arguments, says, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_an_annotation_that_cannot_be_written_is_unusable(tmp_path, capsys):
    out = tmp_path / "no such folder" / "out.png"
    assert main(["read", str(ROW), "--annotate", str(out)]) == 2
    assert "could not be written" in capsys.readouterr().err


def test_the_command_works_from_any_folder_and_tensorflow_is_quiet(tmp_path):
    (tmp_path / "my digits.png").write_bytes(ROW.read_bytes())
    run = subprocess.run(
        [sys.executable, "-m", "digits_helpers", "read", "my digits.png"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout == "my digits.png: 386154\n"
    assert run.returncode == 0


def test_the_package_installs_the_command():
    with (ROOT / "pyproject.toml").open("rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    assert scripts == {"digits": "digits_helpers.command:main"}
