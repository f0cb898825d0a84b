"""CPU seconds until help and refusals are printed, against ``python -c pass`` in the same run.

Goal: under 0.4 s each, user and system together; the least of several runs, each its own process.
"""

import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.command_reference import command_paths  # noqa: E402

ROUNDS = 5
GOAL_S = 0.4

COMMANDS: list[tuple[str, tuple[str, ...], dict[str, str], int]] = [
    ("--version", ("--version",), {}, 0),
    *((f"{' '.join(path)} --help".strip(), (*path, "--help"), {}, 0) for path in command_paths()),
    ("run, a wrong setting", ("run",), {"KELLY_FRACTION": "2"}, 2),
    ("run, no CONTACT", ("run",), {}, 2),
    ("run, no key", ("run",), {"CONTACT": "ann@weather.test", "TRADING_MODE": "demo"}, 2),
    (
        "run, an unreadable key",
        ("run",),
        {"CONTACT": "ann@weather.test", "TRADING_MODE": "demo", "KALSHI_KEY_ID": "id",
         "KALSHI_PRIVATE_KEY_PEM": "-----BEGIN"},
        2,
    ),
    ("run, live unconfirmed", ("run",), {"CONTACT": "a@b.test", "TRADING_MODE": "live"}, 2),
    ("sample, no key", ("sample",), {}, 2),
    ("doctor, a wrong setting", ("doctor",), {"CITIES": "Atlantis"}, 2),
    ("backtest, a wrong setting", ("backtest",), {"MIN_ASK": "1"}, 2),
    ("sandbox run, a wrong setting", ("sandbox", "run"), {"STORE": "paper"}, 2),
    ("store check, a wrong setting", ("store", "check"), {"STORE": "paper"}, 2),
]  # fmt: skip


def cpu_s(arguments: tuple[str, ...], variables: dict[str, str], folder: Path, code: int) -> float:
    """The least CPU seconds that a process with these arguments took, of several."""
    best = float("inf")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    for _ in range(ROUNDS):
        before = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run(  # noqa: S603 - ours
            (sys.executable, *arguments),
            env={**environment, **variables},
            cwd=folder,
            capture_output=True,
            check=False,
        )
        after = getrusage(RUSAGE_CHILDREN)
        assert done.returncode == code, done.stderr.decode()
        used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, used_s)
    return best


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        baseline_s = cpu_s(("-c", "pass"), {}, folder, 0)
        print(f"{'python -c pass':36}{baseline_s:8.3f} s CPU")
        worst_s = 0.0
        for label, arguments, variables, code in COMMANDS:
            used_s = cpu_s(("-m", "kalshi_edge", *arguments), variables, folder, code)
            worst_s = max(worst_s, used_s)
            print(f"{label:36}{used_s:8.3f} s CPU, ratio {used_s / baseline_s:5.1f}")
        print(f"{'the slowest':36}{worst_s:8.3f} s CPU (goal: under {GOAL_S} s)")


if __name__ == "__main__":
    main()
