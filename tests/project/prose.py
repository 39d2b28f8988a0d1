"""What a person reads in the project: prose of notebooks, pages, figures, messages and comments.

Each piece comes with its file and its place in it, so that a test can say where it found what.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[2]
# made from the sources, or not the project's own
ELSEWHERE = {"build", "release", "submitted", "autograded", "feedback", "node_modules"}
PROGRAMS = ("digits_helpers", "data", "notebooks")
SERIES = sorted(ROOT.glob("notebooks/*.ipynb"))
NOTEBOOKS = [*SERIES, *sorted(ROOT.glob("notebooks/assignments/source/*/*.ipynb"))]


class Piece(NamedTuple):
    """A piece of text: where it is, what it is, and what it says."""

    file: str
    where: str
    text: str


def files(folder: str, ending: str) -> list[Path]:
    """Return the files below a folder that have an ending, without generated ones."""
    return [
        path
        for path in sorted((ROOT / folder).rglob(f"*{ending}"))
        if not any(
            part in ELSEWHERE or part.startswith(".") for part in path.relative_to(ROOT).parts
        )
    ]


def name_of(path: Path) -> str:
    """Return the path of a file within the project."""
    return path.relative_to(ROOT).as_posix()


def blank(match: re.Match) -> str:
    """Return blanks of the same length and on the same lines."""
    return re.sub(r"[^\n]", " ", match[0])


def without_code(markdown: str) -> str:
    """Blank out what is not prose in Markdown: code, formulas, addresses, tags. Keep the length."""
    not_prose = r"```.*?```|\$\$.*?\$\$|`[^`]*`|\$[^$\n]*\$|\]\([^)]*\)|<[^>]*>|^ {4}[^\n]*$"
    return re.sub(not_prose, blank, markdown, flags=re.DOTALL | re.MULTILINE)


def markdown_cells(path: Path) -> Iterator[tuple[int, str]]:
    """Return the number (from 0, all cells counted) and the source of each Markdown cell."""
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "markdown":
            yield number, "".join(cell["source"])


def code_cells(path: Path) -> Iterator[tuple[int, str]]:
    """Return the number (from 0, all cells counted) and the code of each code cell, as Python."""
    to_python = TransformerManager().transform_cell
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            yield number, to_python("".join(cell["source"]))


def strings(code: str) -> Iterator[tuple[int, str]]:
    """Return line and text of every string of Python code: titles, texts, messages, docstrings."""
    inner = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else " { } "
                for part in node.values
            ]
            yield node.lineno, "".join(parts)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner
        ):
            yield node.lineno, re.sub(r"``[^`]*``|`[^`]*`|\$[^$\n]*\$", " ", node.value)


def comments(code: str) -> Iterator[tuple[int, str]]:
    """Return line and text of every comment of Python code."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], re.sub(r"`[^`]*`", " ", token.string)


def script_texts(script: str) -> Iterator[tuple[int, str]]:
    """Return line and text of the comments of JavaScript or CSS and of its strings of words."""
    for match in re.finditer(
        r"(?<![:\"'`])//[^\n]*|/\*.*?\*/|\"[^\"\n]* [^\"\n]*\"|`[^`]* [^`]*`",
        script,
        flags=re.DOTALL,
    ):
        yield script.count("\n", 0, match.start()) + 1, re.sub(r"\$\{[^}]*\}", " ", match[0])


def everything() -> Iterator[Piece]:
    """Return all that a person reads in the project."""
    pages = [*ROOT.glob("*.md"), *files("docs", ".md"), *files("data", ".md")]
    pages += [*files("tests", ".md"), *files("notebooks", ".md")]
    for path in pages:
        text = re.sub(r"^```.*?^```", blank, path.read_text(encoding="utf-8"), flags=re.S | re.M)
        for match in re.finditer(r"[^\n].*?(?=\n\s*\n|\Z)", text, flags=re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            yield Piece(name_of(path), f"paragraph in line {line}", without_code(match[0]))
    for path in NOTEBOOKS:
        for number, source in markdown_cells(path):
            yield Piece(name_of(path), f"cell {number}", without_code(source))
        for number, code in code_cells(path):
            for _, text in [*strings(code), *comments(code)]:
                yield Piece(name_of(path), f"code of cell {number}", text)
    for path in [
        *files("digits_helpers", ".py"),
        *files("data", ".py"),
        *files("notebooks", ".py"),
    ]:
        code = path.read_text(encoding="utf-8")
        for line, text in [*strings(code), *comments(code)]:
            yield Piece(name_of(path), f"line {line}", text)
    for path in files("digits_helpers", ".js") + files("digits_helpers", ".css"):
        for line, text in script_texts(path.read_text(encoding="utf-8")):
            yield Piece(name_of(path), f"line {line}", text)


def all_code() -> Iterator[Piece]:
    """Return the text of all code of the project, names included."""
    for path in NOTEBOOKS:
        for number, code in code_cells(path):
            yield Piece(name_of(path), f"code of cell {number}", code)
    for folder in ("digits_helpers", "data", "notebooks", "tests", "docs"):
        for ending in (".py", ".js", ".css", ".mplstyle"):
            for path in files(folder, ending):
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    yield Piece(name_of(path), f"line {number}", line)
