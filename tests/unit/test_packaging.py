"""One source of dependencies, two locks that agree with it, and old interpreters refused."""

import ast
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = ("main.py", "backtest.py", "kalshi_sample.py", "kalshi_edge/__main__.py")

Pins = dict[str, set[str]]


def pins(name: str) -> Pins:
    """What a lock holds: every requirement with its marker, and the hashes it may have."""
    found: Pins = {}
    requirement = ""
    for line in (ROOT / name).read_text().splitlines():
        if re.match(r"[a-z0-9]", line):
            requirement = " ".join(line.rstrip("\\").split())
            found[requirement] = set()
        elif "--hash=" in line:
            found[requirement].add(line.strip().rstrip("\\ "))
    return found


def names(requirements: list[str] | Pins) -> set[str]:
    return {re.split(r"[^a-z0-9-]", one)[0] for one in requirements}


def test_the_requirements_of_the_product_are_a_part_of_the_lock() -> None:
    whole, product = pins("requirements.lock"), pins("requirements.txt")
    assert 40 < len(product) < len(whole)
    unlike = {
        one: hashes for one, hashes in product.items()
        if not any(one.split(" ;")[0] == other.split(" ;")[0] and hashes == known
                   for other, known in whole.items())
    }  # fmt: skip
    assert unlike == {}
    assert all(product.values()), "every one has its hashes"


def test_the_requirements_hold_what_the_project_needs_and_no_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    product = names(pins("requirements.txt"))
    assert names(project["project"]["dependencies"]) <= product
    assert product & {"pytest", "ruff", "mypy", "hypothesis"} == set()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements.lock"])
def test_no_lock_names_where_packages_come_from(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|--index|--find-links|file:", text)


def test_an_old_interpreter_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "kalshi_edge" / "__init__.py"))
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: Python 3.11 or newer is needed; this is 3.10\n"


def test_old_interpreters_can_read_the_refusal() -> None:
    ast.parse((ROOT / "kalshi_edge" / "__init__.py").read_text(), feature_version=(3, 3))
    for entry in ENTRIES:
        tree = ast.parse((ROOT / entry).read_text(), feature_version=(3, 0))
        imported = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
        assert imported == ["kalshi_edge.cli.main"], "it refuses before anything else is loaded"
