"""Bold terms of the notebooks and the glossary agree: see "Words" in the tests' README."""

import re
from functools import cache
from typing import NamedTuple

import pytest
from prose import ROOT, SERIES, markdown_cells, without_code

GLOSSARY = ROOT / "docs" / "glossary.md"
# bold, and not a term: the lists at the top of every notebook
LABELS = {"what you'll do", "what you'll learn", "what you need"}
# words that are needed, in their everyday sense or as part of a name, before a notebook can explain
# what they mean here; a reader is not misled
EVERYDAY = {
    "accuracy": "everyday word for how often something is right",
    "activation": "also the name of a parameter of Keras",
    "batch": "everyday word for a group; tf.data and Keras use it as a name",
    "channel": "everyday word, as in color channel",
    "class": "everyday word, as in a school class",
    "confidence": "everyday word for how sure somebody is",
    "deep": "everyday word; deep network is the term",
    "embedding": "everyday word, as in embedding a picture in a page",
    "example": "everyday word, as in for example",
    "feature": "everyday word for a property",
    "filter": "everyday word for keeping some and not others",
    "grid": "everyday word for rows and columns of images",
    "iteration": "everyday word for one of several repetitions",
    "kernel": "also the Python process of a notebook",
    "label": "everyday word, as in the label of an axis",
    "layer": "explained by the figure of a network wherever it appears",
    "loss": "everyday word, as in loss of information",
    "parameter": "also a parameter of a function",
    "precision": "everyday word, as in floating-point precision",
    "recall": "everyday word for remembering",
    "sample": "everyday word, as in a sample picture",
    "shallow": "everyday word; shallow network is the term",
    "target": "everyday word for an aim",
    "temperature": "everyday word",
    "template": "everyday word for a pattern to copy",
    "tensor": "part of the name TensorFlow",
    "unit": "everyday word, as in the unit of an axis",
    "weight": "everyday word, as in weighted mean",
}


class Entry(NamedTuple):
    """An entry of the glossary."""

    name: str
    text: str
    number: str
    notebook: str
    others: list[str]

    @property
    def forms(self) -> set[str]:
        """Return the forms of the term, in lower case, with plurals that end with s or es."""
        forms = {form.casefold() for form in [self.name, *self.others]}
        return {form + ending for form in forms for ending in ("", "s", "es")}

    @property
    def anchor(self) -> str:
        """Return the anchor that Markdown makes of the heading."""
        return re.sub(r"[^\w\- ]", "", self.name.casefold()).replace(" ", "-")


@cache
def entries() -> list[Entry]:
    """Return the entries of the glossary, in its order."""
    found = []
    _, *parts = re.split(r"^## ", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for part in parts:
        name, text, last = part.strip().split("\n\n")
        match = re.fullmatch(
            r"\*Introduced in \[notebook (\d\d)\]\(\.\./notebooks/(\S+)\)\.\*"
            r"(?: \*Other forms: (.+)\.\*)?",
            last,
        )
        assert match, f"the last line of the entry {name!r} has another form: {last}"
        others = match[3].split(", ") if match[3] else []
        found.append(Entry(name, text, match[1], match[2], others))
    return found


def one_line(text: str) -> str:
    return " ".join(text.split())


def bold_phrases(source: str) -> list[str]:
    """Return the bold phrases of a Markdown cell, without links."""
    text = re.sub(r"```.*?```", "", source, flags=re.DOTALL).replace("’", "'")
    found = re.findall(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", text, re.DOTALL)
    return [one_line(re.sub(r"\[(.+?)\]\(.*?\)", r"\1", words)) for words in found]


def is_term(phrase: str) -> bool:
    """Whether a bold phrase is a term, by the convention in the tests' README."""
    return not (
        phrase.casefold() in LABELS
        or phrase.endswith((".", ":", "?", "!"))
        or len(phrase.split()) > 5
        or re.search(r"\d", phrase.replace("F1", ""))
        or "`" in phrase
    )


@cache
def bold_terms(path) -> dict[str, int]:
    """Return the bold terms of a notebook in lower case, with the cell of the first."""
    terms: dict[str, int] = {}
    for number, source in markdown_cells(path):
        for phrase in filter(is_term, bold_phrases(source)):
            without_abbreviation = re.sub(r" \(.*\)$", "", phrase)
            terms.setdefault(without_abbreviation.casefold(), number)
    return terms


@cache
def prose_cells(path) -> list[tuple[int, str, str]]:
    """Return number, source and prose of the Markdown cells of a notebook.

    Headings, and links to the notebook that explains more, are left out.
    """
    cells = []
    for number, source in markdown_cells(path):
        prose = re.sub(r"^#.*$|\[[^\]]*\]\([^)]*\.ipynb\)", " ", source, flags=re.MULTILINE)
        prose = one_line(without_code(prose)).replace("’", "'").casefold()
        cells.append((number, source, prose))
    return cells


@cache
def mention_of(name: str) -> re.Pattern[str]:
    """Return a pattern that finds a term in prose as whole words, without its exempt forms."""
    (entry,) = (entry for entry in entries() if entry.name == name)
    exempt = {word + ending for word in EVERYDAY for ending in ("", "s", "es")}
    bodies = "|".join(map(re.escape, sorted(entry.forms - exempt))) or "(?!)"
    return re.compile(rf"(?<![\w-])(?:{bodies})(?![\w-])")


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_every_bold_term_of_a_notebook_is_in_the_glossary(path):
    known = set().union(*(entry.forms for entry in entries()))
    missing = [
        f"cell {number}: {term!r}" for term, number in bold_terms(path).items() if term not in known
    ]
    assert not missing, (
        f"{path.name}, bold and not in docs/glossary.md: {'; '.join(missing)}. Add an entry, or "
        "write emphasis in italics (tests/README.md, Words)"
    )


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_every_entry_names_a_notebook_in_which_the_term_is_bold(entry):
    path = ROOT / "notebooks" / entry.notebook
    assert path.exists(), f"{entry.name}: there is no {entry.notebook}"
    assert path.name.startswith(entry.number), f"{entry.name}: {entry.number} is {path.name}"
    assert entry.forms & set(bold_terms(path)), f"{entry.name} is not bold in {path.name}"


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_a_term_that_a_later_notebook_introduces_is_linked_to_the_glossary(path):
    missing = []
    for entry in entries():
        if entry.notebook <= path.name:
            continue
        for number, source, prose in prose_cells(path):
            if mention_of(entry.name).search(prose):
                if f"glossary.md#{entry.anchor})" not in source:
                    link = f"[{entry.name}](../docs/glossary.md#{entry.anchor})"
                    missing.append(f"cell {number}: {link}, introduced in {entry.notebook}")
                break
    assert not missing, f"{path.name} uses before they are introduced:\n" + "\n".join(missing)


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_links_to_the_glossary_lead_to_an_entry(path):
    anchors = {entry.anchor for entry in entries()}
    for number, source in markdown_cells(path):
        for anchor in re.findall(r"\]\([^)]*glossary\.md#([^)]*)\)", source):
            assert anchor in anchors, f"{path.name}, cell {number}: no entry {anchor}"


def test_the_glossary_is_in_alphabetical_order_and_lists_nothing_twice():
    names = [entry.name.casefold() for entry in entries()]
    assert names == sorted(names)
    forms = [form for entry in entries() for form in {entry.name, *entry.others}]
    assert not [form for form in forms if forms.count(form) > 1]


def test_an_entry_is_one_to_three_sentences():
    for entry in entries():
        text = re.sub(r"\bet al\.", "et al", re.sub(r" See \[.*", "", entry.text))
        assert 1 <= len(re.findall(r"[.?!](?: |$)|\$$", text)) <= 3, entry.name


def test_exempt_words_are_in_the_glossary_and_have_a_reason():
    forms = set().union(*(entry.forms for entry in entries()))
    assert set(EVERYDAY) <= forms
    assert all(len(reason.split()) >= 2 for reason in EVERYDAY.values())


@pytest.mark.parametrize("phrase", ["dropout", "Otsu's method", "F1 score", "early stopping"])
def test_a_short_bold_phrase_is_a_term(phrase):
    assert bold_phrases(f"This is **{phrase}** here.") == [phrase]
    assert is_term(phrase)


@pytest.mark.parametrize(
    "phrase",
    ["What you'll do", "What you need", "A trap.", "99.4 %", "Look at the picture before the rest"],
)
def test_other_bold_phrases_are_not_terms(phrase):
    assert not is_term(phrase)
