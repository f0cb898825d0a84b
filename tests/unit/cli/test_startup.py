"""Help and refusals answer at once: what a command needs is imported when it starts to work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_reference import command_paths
from tests.support.served import new_pem

HEAVY = {
    "kalshi_sandbox", "kalshi_edge.api", "kalshi_edge.backtest", "kalshi_edge.console",
    "kalshi_edge.operations", "kalshi_edge.engine", "kalshi_edge.db.sqlite", "kalshi_edge.db.codec",
    "kalshi_edge.db.dynamo.client", "boto3", "botocore", "fastapi", "httpx", "matplotlib", "numpy",
    "rich", "sqlite3", "starlette", "stamina", "uvicorn", "websockets",
}  # fmt: skip
"""Neither the sandbox, nor plotting, a database or the web."""
HEAVY_FOR_HELP = HEAVY | {"kalshi_edge.config", "kalshi_edge.db", "kalshi_edge.data"}
"""Help does not even read the settings."""

ASK = """
import json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from kalshi_edge.cli.main import main

answers = []
for variables, arguments in json.loads(sys.stdin.read()):
    os.environ.update(variables)
    printed, code = StringIO(), None
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code or 0
    for name in variables:
        del os.environ[name]
    answers.append((code, printed.getvalue()))
print(json.dumps({"answers": answers, "modules": sorted(sys.modules)}))
"""


def asked(
    folder: Path, *questions: tuple[dict[str, str], list[str]]
) -> tuple[list[tuple[int, str]], set[str]]:
    """The exit code and text of each command, asked in one process, and the modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "200", "PATH": "/usr/bin"},
    )
    found = json.loads(done.stdout)
    return [(code, text) for code, text in found["answers"]], set(found["modules"])


def test_importing_the_command_line_loads_nothing_heavy(tmp_path: Path) -> None:
    answers, modules = asked(tmp_path)
    assert (answers, modules & HEAVY_FOR_HELP) == ([], set())


def test_help_of_every_command_loads_nothing_heavy(tmp_path: Path) -> None:
    paths = command_paths()
    assert len(paths) > 35
    answers, modules = asked(tmp_path, *(({}, [*path, "--help"]) for path in paths))
    assert {code for code, _ in answers} == {0}
    assert all("Usage: kalshi-edge" in text for _, text in answers)
    assert modules & HEAVY_FOR_HELP == set()


def test_the_version_loads_nothing_heavy(tmp_path: Path) -> None:
    [(code, text)], modules = asked(tmp_path, ({}, ["--version"]))
    assert (code, text.split()[0]) == (0, "kalshi-edge")
    assert modules & HEAVY_FOR_HELP == set()


WRONG = {"KELLY_FRACTION": "2"}
NAMED = {"CONTACT": "ann@weather.test"}
DEMO = {**NAMED, "TRADING_MODE": "demo"}
LIVE = {**NAMED, "TRADING_MODE": "live", "KALSHI_KEY_ID": "id"}
CONFIRMED = {**LIVE, "LIVE_CONFIRM": "yes", "KALSHI_PRIVATE_KEY_PEM": new_pem()}
DAYS = ["--city", "NYC", "--from", "2026-10-01", "--to", "2026-10-02"]
COMMANDS = [
    ["init"], ["run"], ["demo"], ["doctor"], ["sample"], ["switch"], ["halt"], ["resume"],
    ["drill"],
    ["bulletins"], ["backtest"], ["history", "fetch", *DAYS], ["history", "add", "x"],
    ["history", "import", "x"], ["history", "list"], ["history", "verify"], ["store", "check"],
    ["store", "backup", "x"], ["store", "cost", "x"], ["sandbox", "run"], ["sandbox", "soak"],
    ["store", "copy", "--from", "sqlite", "--to", "dynamodb"], ["tables", "create"],
    ["tables", "describe"], ["tables", "delete"], ["evidence"],
    ["evidence", "promote", "0a1b2c3d", "--reason", "x"],
    ["evidence", "demote", "0a1b2c3d", "--to", "shadow", "--reason", "x"],
]  # fmt: skip
REFUSED = [
    *((WRONG, command, "KELLY_FRACTION is '2'") for command in COMMANDS),
    ({"TRADING_MODE": "real"}, ["run"], "TRADING_MODE is 'real'"),
    (DEMO, ["run"], "KALSHI_PRIVATE_KEY_PEM is missing"),
    ({}, ["sample"], "KALSHI_PRIVATE_KEY_PEM is missing"),
    ({**DEMO, "KALSHI_PRIVATE_KEY_PEM": "x"}, ["run"], "KALSHI_KEY_ID is missing"),
    ({**DEMO, "KALSHI_PRIVATE_KEY_PATH": "no.pem"}, ["run"], "cannot be read: FileNotFoundError"),
    ({**DEMO, "KALSHI_KEY_ID": "id", "KALSHI_PRIVATE_KEY_PEM": "x"}, ["run"], "no BEGIN line"),
    (LIVE, ["run"], "LIVE_CONFIRM=yes"),
    ({**CONFIRMED, "CONTACT": ""}, ["run"], "CONTACT is missing: live trading"),
    ({**LIVE, "SANDBOX_URL": "http://127.0.0.1:9"}, ["run"], "does not go to a sandbox"),
    (NAMED, ["sample", "--mode", "paper"], "TRADING_MODE is 'paper'"),
]


def test_every_refusal_of_settings_loads_nothing_heavy(tmp_path: Path) -> None:
    answers, modules = asked(tmp_path, *((variables, args) for variables, args, _ in REFUSED))
    for (variables, arguments, sentence), (code, text) in zip(REFUSED, answers, strict=True):
        assert code == 2, (variables, arguments, text)
        assert sentence in " ".join(text.split()), (arguments, text)
    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("fault", "kalshi_sandbox.exchange.control.faults:FaultKind"),
        ("weather-fault", "kalshi_sandbox.weather.faults:FaultKind"),
        ("weather-fault", "kalshi_sandbox.weather.faults:Product"),
    ],
)
def test_help_names_every_fault_that_the_sandbox_knows(command: str, kinds: str) -> None:
    from importlib import import_module

    from typer.testing import CliRunner

    from kalshi_edge.cli.main import cli

    module, name = kinds.split(":")
    known = {kind.value for kind in getattr(import_module(module), name)}
    printed = CliRunner().invoke(cli, ["sandbox", command, "--help"], env={"COLUMNS": "300"})
    words = set(printed.output.replace(",", " ").replace(".", " ").split())
    assert known <= words
