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
def found() -> tuple[list[str], list[str], Counter]:
    """Search the project once: terms in prose, names in code, how often each exception helped."""
    used: Counter = Counter()
    code = (piece for piece in all_code() if "tests/project/" not in piece.file)
    return find(everything(), IN_PROSE, used), find(code, IN_CODE, used), used


def test_what_a_person_reads_is_in_the_fields_words_and_american_spelling(found):
    in_prose, _, _ = found
    assert not in_prose, "\n" + "\n".join(in_prose)


def test_names_in_code_are_in_american_spelling_and_old_names_are_gone(found):
    _, in_code, _ = found
    assert not in_code, "\n" + "\n".join(in_code)


def test_every_exception_is_needed_and_gives_a_reason(found):
    _, _, used = found
    for number, row in enumerate(ALLOWED):
        assert used[number], f"allowed_terms.csv, line {number + 2} is not needed any more: {row}"
        assert len(row["reason"].split()) >= 3, f"allowed_terms.csv, line {number + 2}: say why"


@pytest.mark.parametrize(
    ("text", "term", "instead"),
    [
        ("The grey pixels", "grey", "gray"),
        ("It is Normalised here", "Normalised", "normalized"),
        ("learned by\nheart", "by heart", "memorize, overfit"),
        ("a stencil of weights", "stencil", "template (of the single layer), kernel or filter"),
    ],
)
def test_a_term_is_found_and_the_message_says_where_and_what_to_write(text, term, instead):
    (line,) = find([Piece("notebooks/01.ipynb", "cell 3", text)], IN_PROSE, Counter())
    assert line.startswith("notebooks/01.ipynb, cell 3: '")
    assert f"'{term}', write: {instead}" in " ".join(line.split())


@pytest.mark.parametrize("text", ["background", "no-stencil-here", "the centerpiece", "workplace"])
def test_a_part_of_another_word_is_not_a_term(text):
    assert not find([Piece("README.md", "line 1", text)], IN_PROSE, Counter())


def test_no_term_is_listed_twice():
    counts = Counter(row["term"].casefold() for row in TERMS)
    assert not [term for term, count in counts.items() if count > 1]
