"""The mutations of ``mutations.py`` still fit the project: a run of them proves something."""

import shutil

import pytest
from mutations import DATA, MUTATIONS, ROOT, Mutation


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 60


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_it_changes_its_file_and_names_what_sees_it(mutation, tmp_path):
    folder = (tmp_path / mutation.file).parent
    folder.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / mutation.file).parent.iterdir():
        if file.is_file() and (mutation in DATA or file.name == (ROOT / mutation.file).name):
            shutil.copy(file, folder)
    mutation.apply(tmp_path)
    file, _, test = mutation.seen_by.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8") or not test


@pytest.mark.parametrize("change", [("1", "2"), ("3", "4"), ("2", "2")])
def test_one_that_does_not_fit_any_more_is_told(change, tmp_path):
    (tmp_path / "a.py").write_text("1 1 2")
    with pytest.raises(ValueError, match=r"'off' no longer fits a\.py"):
        Mutation("off", "a.py", change).apply(tmp_path)


def test_a_linked_file_is_not_changed(tmp_path):
    (tmp_path / "kept").write_text("1")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "kept").hardlink_to(tmp_path / "kept")
    Mutation("one", "kept", ("1", "2")).apply(tmp_path / "copy")
    assert (tmp_path / "kept").read_text() == "1"
