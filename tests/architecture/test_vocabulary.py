"""The words of docs/vocabulary.md, kept by the code: no name twice, no retired word."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ("kalshi_edge", "kalshi_sandbox", "tests", "bench")
FRONTEND = ("app", "components", "lib")

RETIRED = {
    "tenure", "upkeep", "vigil", "openness", "checkup", "wholeness", "doorway", "wish", "wishes",
    "surroundings", "ambush", "ambushes",
}  # fmt: skip
"""Not used in any name."""
RETIRED_NAMES = RETIRED | {
    "place", "places", "guard", "guards", "resolution", "resolutions", "week", "weeks", "standing",
    "standings", "memory", "memories", "news", "told", "heard", "word", "words", "stroke",
    "strokes", "plant", "plants", "desk", "desks", "present", "presents",
}  # fmt: skip
"""Not used as the name of a module, class or type; as variables some are good English."""
EXEMPT: MappingProxyType[str, str] = MappingProxyType({})
"""Names that have a retired word for a reason, which is said; there is none today.

The verb `place` and the words of CSS, SVG and libraries name functions and attributes, not types.
"""

SAME_NAME: MappingProxyType[str, str] = MappingProxyType({})
"""Public classes that share a name, with the reason; there is none today."""

PHRASES = (
    "under way", "no word from", "quick sell", "came true", "what happened", "rules that changed",
    "checkup", "books agree", "decided again", "come out otherwise", "comes out otherwise",
    "lived through", "wish", "inbox", "stroke", "thrown", "upkeep", "the house's", "not whole",
    "is told", "held against", "hold our", "desk",
)  # fmt: skip
"""What labels, help and answers do not say any more; docs/vocabulary.md says what instead."""
DECLARED = re.compile(
    r"^\s*(?:export )?(?:default )?(?:async )?(?:function|class|interface|type|enum|const) (\w+)",
    re.MULTILINE,
)
"""What TypeScript declares; a component or type begins with a capital."""
WORDED = ("cli", "console", "api")


def tokens(name: str) -> set[str]:
    """The words of an identifier: split at underscores, dashes, dots and capitals.

    >>> sorted(tokens("LiveWord")), sorted(tokens("parse_HTTPAnswer"))
    (['live', 'word'], ['answer', 'http', 'parse'])
    """
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {part.lower() for part in parts}


@cache
def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
        for package in PYTHON
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def retired_in(names: Iterable[str], words: set[str]) -> set[str]:
    return {name for name in names if name not in EXEMPT and tokens(name) & words}


def names_in(tree: ast.Module) -> Iterator[str]:
    """Every name that is given or used."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.keyword(arg=str(name)) | ast.alias(asname=str(name)):
                yield name


def types_in(tree: ast.Module) -> Iterator[str]:
    """The names of classes and type aliases: an alias is a name in capitals and small letters."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name):
                yield name
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])
            ) if re.fullmatch(r"_?[A-Z]\w*[a-z]\w*", name):
                yield name


def test_no_identifier_has_a_retired_word() -> None:
    found = {path: retired_in(names_in(tree), RETIRED) for path, tree in trees().items()}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_class_or_type_has_a_retired_name() -> None:
    found = {path: retired_in(types_in(tree), RETIRED_NAMES) for path, tree in trees().items()}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_module_or_folder_has_a_retired_name() -> None:
    parts = {part.removesuffix(".py") for path in trees() for part in path.split("/")}
    assert retired_in(parts, RETIRED_NAMES) == set()


def test_the_dashboards_files_components_and_types_have_no_retired_name() -> None:
    found: dict[str, set[str]] = {}
    for folder in FRONTEND:
        for path in sorted((ROOT / "frontend" / folder).rglob("*.ts*")):
            if path.name == "schema.d.ts":
                continue  # generated from the API, whose names are looked at above
            kinds = {name for name in DECLARED.findall(path.read_text()) if name[0].isupper()}
            if names := retired_in({*kinds, path.name.partition(".")[0]}, RETIRED_NAMES):
                found[path.relative_to(ROOT).as_posix()] = names
    assert found == {}


def test_no_public_class_has_the_name_of_another() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees().items():
        for node in tree.body:
            if path.startswith("kalshi_edge/") and isinstance(node, ast.ClassDef):
                homes[node.name].append(path)
    shared = {name: paths for name, paths in homes.items()
              if len(paths) > 1 and name[0] != "_" and name not in SAME_NAME}  # fmt: skip
    assert shared == {}


def literals(tree: ast.Module) -> Iterator[str]:
    """The strings that a program shows or sends: all but docstrings."""
    silent = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.value


@pytest.mark.parametrize("package", WORDED)
def test_labels_and_answers_use_no_retired_phrase(package: str) -> None:
    found = [
        (path, text, phrase)
        for path, tree in trees().items()
        if path.startswith(f"kalshi_edge/{package}/")
        for text in literals(tree)
        for phrase in PHRASES
        if re.search(rf"\b{phrase}\b", text, re.IGNORECASE)
    ]
    assert found == []


def test_help_uses_no_retired_phrase() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert [phrase for phrase in PHRASES if re.search(rf"\b{phrase}\b", page, re.IGNORECASE)] == []


def test_the_vocabulary_lists_what_is_retired() -> None:
    page = (ROOT / "docs" / "vocabulary.md").read_text()
    listed = tokens(page.partition("## Retired words")[2].partition("\n## ")[0])
    plurals = {"wishes", "ambushes"}
    assert RETIRED - plurals <= listed
