"""Where files are: few in a folder, and no module named that is not there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("kalshi_edge", "kalshi_sandbox")
MOST_AT_THE_TOP = 12
MOST_IN_A_FOLDER = 25

DOTTED = re.compile(r"\b(?:kalshi_edge|kalshi_sandbox|tests)(?:\.[A-Za-z_]\w*)+")
RUN = re.compile(r"""-m["',\s]+((?:kalshi_edge|kalshi_sandbox|tests)\b[\w.]*)""")
NOT_MODULES = MappingProxyType(
    {
        "kalshi_edge.abort": "a key in the extensions of an ASGI scope",
        "kalshi_edge.nowhere": "what the example below says is not there",
        "kalshi_edge.freeze": "a key in the extensions of an ASGI scope",
    }
)


def test_no_folder_has_more_files_than_a_person_takes_in() -> None:
    folders = [ROOT / package for package in PACKAGES]
    folders += [path for top in folders for path in top.rglob("*") if path.is_dir()]
    counts = {
        folder.relative_to(ROOT).as_posix(): sum(path.is_file() for path in folder.iterdir())
        for folder in folders
        if folder.name != "__pycache__"
    }
    assert {folder: n for folder, n in counts.items() if n > MOST_IN_A_FOLDER} == {}
    assert counts["kalshi_edge"] <= MOST_AT_THE_TOP


def exists(dotted: str) -> bool:
    """Whether a dotted name is a package, a module, or something in a module.

    >>> exists("kalshi_edge.cli.main.main"), exists("kalshi_edge.nowhere")
    (True, False)
    """
    first, *rest = dotted.split(".")
    path = ROOT / first
    for at, part in enumerate(rest):
        if (path / part).is_dir():
            path /= part
        elif (module := path / f"{part}.py").is_file():
            return (
                not rest[at + 1 :]
                or re.search(rf"\b{rest[at + 1]}\b", module.read_text()) is not None
            )
        else:
            return False
    return True


def texts() -> Iterator[tuple[str, str]]:
    """Python's strings, and the pages, with where they are."""
    folders = (*PACKAGES, "tests", "bench")
    python = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    for path in [*python, *ROOT.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value
    # The change log names what is gone.
    pages = [path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"]
    pages += [*(ROOT / "docs").rglob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    for path in pages:
        yield path.relative_to(ROOT).as_posix(), path.read_text()


def test_every_module_that_a_text_names_exists() -> None:
    named = [(where, name) for where, text in texts() for name in DOTTED.findall(text)]
    assert len(named) > 30
    missing = [(where, name) for where, name in named if not exists(name)]
    assert [one for one in missing if one[1] not in NOT_MODULES] == []


def runs(dotted: str) -> bool:
    """Whether `python -m` can run it.

    >>> runs("kalshi_edge"), runs("kalshi_edge.cli")
    (True, False)
    """
    path = ROOT.joinpath(*dotted.split("."))
    if path.is_dir():
        return (path / "__main__.py").is_file()
    return "__main__" in path.with_suffix(".py").read_text()


def test_every_module_that_is_started_by_name_can_be() -> None:
    web = ROOT / "frontend"
    files = [*(web / "e2e").glob("*.ts"), *web.glob("*.json"), *(ROOT / "tests").rglob("*.py")]
    files += [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("*.json")]
    files += [ROOT / "Makefile", ROOT / "Procfile"]
    started = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in files
        for name in RUN.findall(path.read_text())
    }
    assert "frontend/e2e/stack.ts" in {where for where, _ in started}
    assert [one for one in started if not runs(one[1].rstrip("."))] == []
