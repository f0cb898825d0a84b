"""The house's rules, held against the code itself."""

import ast
import re
from collections.abc import Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kalshi_edge"
SANDBOX = ROOT / "kalshi_sandbox"

CORE = ("domain", "models", "portfolio", "learning", "trading", "engine.py", "units.py",
        "errors.py",
        "ports.py", "db/codec.py", "data/kalshi/market_wire.py", "data/kalshi/book.py",
        "data/kalshi/fields.py", "data/kalshi/rule_text.py", "data/weather/nbm",
        "data/weather/cli.py", "data/weather/metar.py", "data/weather/dsm.py",
        "data/weather/wmo.py", "data/weather/stations.py")  # fmt: skip

WALL_TIME = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time",
             "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"}  # fmt: skip
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb", "environ", "getenv"}
OUTSIDE = WALL_TIME | ENVIRONMENT | {
    "time.monotonic", "time.perf_counter", "time.sleep", "asyncio.sleep", "open", "input", "print",
    "uuid.uuid1", "uuid.uuid4", "uuid4", "random.random", "random.Random", "random.choice",
    "np.random.default_rng", "np.random.seed", "default_rng", "secrets.token_hex", "os.urandom",
    "socket.socket", "Path.cwd", "Path.home",
}  # fmt: skip
OUTSIDE_MODULES = {
    "asyncio", "httpx", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3",
    "structlog", "subprocess", "tempfile", "time", "uuid",
}  # fmt: skip

FORBIDDEN_WORDS = {"Manager", "Handler", "Helper", "Helpers", "Util", "Utils", "Service", "Base"}
LONGEST_FILE = 400


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its path: inside the package, or from the root for the sandbox's."""
    return {
        path.relative_to(PACKAGE if package == PACKAGE else ROOT).as_posix(): ast.parse(
            path.read_text()
        )
        for package in (PACKAGE, SANDBOX)
        for path in sorted(package.rglob("*.py"))
    }


def is_core(path: str) -> bool:
    return any(path == part or path.startswith(f"{part}/") for part in CORE)


def names_used(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name and dotted name that is read or called, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node), node.lineno


def uses(names: set[str], *, among: set[str]) -> list[str]:
    """Where ``among`` the modules one of ``names`` is used."""
    return [
        f"{path}:{line} {name}"
        for path, tree in modules().items()
        if path in among
        for name, line in names_used(tree)
        if name in names
    ]


def test_imports_point_down_and_the_core_imports_nothing_from_outside() -> None:
    with chdir(ROOT):
        assert lint_imports(no_cache=True, no_logo=True) == 0


def test_every_part_of_the_core_named_here_exists() -> None:
    assert all((PACKAGE / part).exists() for part in CORE)


def test_only_risk_makes_an_approval() -> None:
    makers = {
        path
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rsplit(".", 1)[-1] == "Approved"
    }  # fmt: skip
    assert makers == {"trading/risk.py"}


def test_only_the_runner_places_what_was_approved() -> None:
    callers = {
        path
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("executor.place")
    }
    assert callers == {"runner.py"}


def test_the_core_is_told_the_time_and_everything_else() -> None:
    core = {path for path in modules() if is_core(path)}
    assert len(core) > 30
    assert uses(OUTSIDE, among=core) == []
    imports = [
        f"{path}:{node.lineno} {name}"
        for path in core
        for node in ast.walk(modules()[path])
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
        if name.split(".")[0] in OUTSIDE_MODULES
    ]
    assert imports == []


def test_the_core_keeps_nothing_in_globals() -> None:
    written = [
        f"{path}:{node.lineno}"
        for path, tree in modules().items()
        if is_core(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Global | ast.Nonlocal)
    ]
    assert written == []


def test_only_the_clock_reads_wall_time() -> None:
    assert uses(WALL_TIME, among=set(modules()) - {"clock.py"}) == []


def test_only_the_settings_read_the_environment() -> None:
    assert uses(ENVIRONMENT, among=set(modules()) - {"config.py"}) == []
    assert uses({"dotenv_values", "load_dotenv"}, among=set(modules()) - {"config.py"}) == []


def test_nothing_branches_on_being_a_backtest() -> None:
    asked = [
        f"{path}:{node.lineno}"
        for path, tree in modules().items()
        if not path.startswith(("backtest/", "operations/", "cli/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.If | ast.IfExp) and "backtest" in ast.unparse(node.test).lower()
    ]
    assert asked == []


@pytest.mark.parametrize("path", sorted(modules()))
def test_whatever_is_public_says_what_it_is(path: str) -> None:
    tree = modules()[path]
    silent = [
        f"{node.name} (line {node.lineno})"
        for node in _public(tree)
        if ast.get_docstring(node) is None
    ]
    assert ast.get_docstring(tree)
    assert silent == []


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def test_names_say_what_a_thing_is() -> None:
    vague = [
        f"{path}: {node.name}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and FORBIDDEN_WORDS & set(re.findall(r"[A-Z][a-z]*", node.name))
    ]
    assert vague == []


def test_parsers_raise_and_never_give_none() -> None:
    optional = [
        f"{path}: {node.name}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("parse_")
        and node.returns is not None
        and "None" in ast.unparse(node.returns).split(" | ")
    ]
    assert optional == []


def test_no_file_is_too_long_to_read() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for package in (PACKAGE, SANDBOX)
        for path in package.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_the_domain_is_frozen() -> None:
    loose = [
        f"{path}: {node.name}"
        for path, tree in modules().items()
        if path.startswith("domain/")
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and not node.bases
        and not any("frozen=True" in ast.unparse(d) and "slots=True" in ast.unparse(d)
                    for d in node.decorator_list)
    ]  # fmt: skip
    assert loose == []


def test_a_tagged_unions_member_has_no_field_named_as_the_tag() -> None:
    fields = [
        f"{path}: {node.name}"
        for path, tree in modules().items()
        if path.startswith("domain/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and ast.unparse(field.target) == "kind"
    ]
    assert fields == []
