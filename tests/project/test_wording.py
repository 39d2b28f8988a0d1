"""The field's words in American spelling, wherever a person reads: see "Words" in the README."""

import csv
import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest
from prose import Piece, all_code, everything

HERE = Path(__file__).resolve().parent


def rows(name: str) -> list[dict[str, str]]:
    """Return the lines of a table beside this file."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TERMS = rows("terms.csv")
ALLOWED = rows("allowed_terms.csv")
INSTEAD = {row["term"].casefold(): row["instead"] for row in TERMS}


def pattern(kinds: set[str], start: str, end: str) -> re.Pattern[str]:
    """Return a pattern that finds the terms of some kinds, each in a group of its own."""
    terms = sorted((row["term"] for row in TERMS if row["kind"] in kinds), key=len, reverse=True)
    bodies = [re.escape(term).replace(r"\*", r"[a-z]*").replace(r"\ ", r"\s+") for term in terms]
    return re.compile(f"{start}(?:{'|'.join(bodies)}){end}", re.IGNORECASE)


IN_PROSE = pattern({"word", "spelling", "name"}, r"(?<![\w-])", r"(?![\w-])")
IN_CODE = pattern({"spelling", "name"}, r"(?<![A-Za-z])", r"(?![A-Za-z])")


def write_instead(found: str) -> str:
    """Return what to write for a term that was found."""
    found = " ".join(found.casefold().split())
    if found in INSTEAD:
        return INSTEAD[found]
    for term, instead in INSTEAD.items():
        if term.endswith("*") and found.startswith(term[:-1]):
            return instead.replace("*", found[len(term) - 1 :])
    raise KeyError(found)


def is_allowed(piece: Piece, start: int, end: int, used: Counter) -> bool:
    """Whether a place of the list of exceptions covers a part of a text."""
    text = " ".join(piece.text.split())
    found = " ".join(piece.text[start:end].split()).casefold()
    before = len(" ".join((piece.text[:start] + "|").split())) - 1
    for number, row in enumerate(ALLOWED):
        if not fnmatch(piece.file, row["file"]) or row["term"].casefold() != found:
            continue
        for match in re.finditer(re.escape(row["text"]) or "", text, re.IGNORECASE):
            if not row["text"] or match.start() <= before < match.end():
                used[number] += 1
                return True
    return False


def find(pieces, wanted: re.Pattern[str], used: Counter) -> list[str]:
    """Return a line for each term that is found where it is not allowed."""
    lines = []
    for piece in pieces:
        for match in wanted.finditer(piece.text):
            if is_allowed(piece, *match.span(), used):
                continue
            around = piece.text[max(match.start() - 30, 0) : match.end() + 30]
            lines.append(
                f"{piece.file}, {piece.where}: '{match[0]}', write: {write_instead(match[0])}"
                f"  (… {' '.join(around.split())} …)"
            )
    return list(dict.fromkeys(lines))


@pytest.fixture(scope="module")
def used() -> Counter:
    """Count how often each exception was needed."""
    return Counter()


def not_the_tables(pieces):
    return (piece for piece in pieces if "tests/project/" not in piece.file)


def test_what_a_person_reads_is_in_the_fields_words_and_american_spelling(used):
    found = find(everything(), IN_PROSE, used)
    assert not found, "\n" + "\n".join(found)


def test_names_in_code_are_in_american_spelling_and_old_names_are_gone(used):
    found = find(not_the_tables(all_code()), IN_CODE, used)
    assert not found, "\n" + "\n".join(found)


def test_every_exception_is_needed_and_gives_a_reason():
    used: Counter = Counter()
    find(everything(), IN_PROSE, used)
    find(not_the_tables(all_code()), IN_CODE, used)
    for number, row in enumerate(ALLOWED):
        assert used[number], f"allowed_terms.csv, line {number + 2} is not needed any more: {row}"
        assert len(row["reason"].split()) >= 3, f"allowed_terms.csv, line {number + 2}: say why"


@pytest.mark.parametrize(
    ("text", "found", "instead"),
    [
        ("The grey pixels", "grey", "gray"),
        ("It is Normalised here", "Normalised", "normalized"),
        ("learned by\nheart", "by heart", "memorize, overfit"),
        ("a stencil of weights", "stencil", "template (of the single layer), kernel or filter"),
    ],
)
def test_a_term_is_found_and_the_message_says_where_and_what_to_write(text, found, instead):
    (line,) = find([Piece("notebooks/01.ipynb", "cell 3", text)], IN_PROSE, Counter())
    assert line.startswith("notebooks/01.ipynb, cell 3: '")
    assert f"'{found}', write: {instead}" in " ".join(line.split())


@pytest.mark.parametrize("text", ["background", "no-stencil-here", "the centerpiece", "workplace"])
def test_a_part_of_another_word_is_not_a_term(text):
    assert not find([Piece("README.md", "line 1", text)], IN_PROSE, Counter())


def test_no_term_is_listed_twice():
    counts = Counter(row["term"].casefold() for row in TERMS)
    assert not [term for term, count in counts.items() if count > 1]
