"""What uses real time, sockets or processes, five times each on a busy machine (`make load-test`).

Beside the web dashboard's unit tests and the Python tests marked ``realtime`` eight processes do
nothing but compute. A test that needs a fast machine fails here.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPINS = """
import os
parent = os.getppid()
while os.getppid() == parent:
    sum(range(1_000_000))
"""
MARKER = "realtime"
WORKERS = 4
"""That run our tests, however few cores there are."""
COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)")


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that one command runs, and the line in which it counts them."""

    name: str
    command: tuple[str, ...]
    folder: Path
    is_count: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a suite."""

    suite: str
    number: int
    code: int
    counts: str
    seconds: float
    said: str

    @property
    def row(self) -> str:
        """Its line in the table."""
        verdict = "passed" if self.code == 0 else "FAILED"
        return f"{self.suite:8}{self.number:>3}  {verdict:8}{self.seconds:>7.0f} s  {self.counts}"


def suites(pytest_options: Sequence[str]) -> tuple[Suite, Suite]:
    """The web dashboard's and ours."""
    web = ("npm", "run", "--silent", "test")
    ours = (sys.executable, "-m", "pytest", "--quiet", "-n", str(WORKERS), "-m", MARKER, *marked())
    return (
        Suite("web", web, ROOT / "frontend", lambda line: line.split()[:1] == ["Tests"]),
        Suite("python", (*ours, *pytest_options), ROOT, lambda line: " in " in line),
    )


def marked() -> list[str]:
    """The modules with such tests, so that no other need be imported."""
    modules = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(one) for one in modules if f"mark.{MARKER}" in one.read_text(encoding="utf-8")]


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that compute and nothing else, ended with the block or with us."""
    spinning = [subprocess.Popen((sys.executable, "-c", SPINS)) for _ in range(processes)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
        for process in spinning:
            process.wait()


def run_of(suite: Suite, number: int) -> Run:
    """What came of one run."""
    began_s = time.monotonic()
    done = subprocess.run(
        suite.command, cwd=suite.folder, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    return Run(
        suite.name,
        number,
        done.returncode,
        counts_in(said, suite.is_count),
        time.monotonic() - began_s,
        said,
    )


def counts_in(said: str, is_count: Callable[[str], bool]) -> str:
    """How many passed and failed, from the last line that counts them.

    >>> counts_in("2 failed, 40 passed in 9.12s\\n", lambda line: " in " in line)
    '2 failed, 40 passed'
    >>> counts_in("Tests  3 failed | 97 passed (100)\\n", lambda line: line.startswith("Tests"))
    '3 failed, 97 passed'
    """
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    for line in reversed(plain.splitlines()):
        if is_count(line) and (counts := COUNTED.findall(line)):
            return ", ".join(f"{number} {what}" for number, what in counts)
    return "nothing counted"


def main() -> int:
    """Run both suites, print the table, and say whether all passed."""
    arguments = argparse.ArgumentParser(description="Further options are pytest's.")
    arguments.add_argument("--times", type=int, default=5)
    arguments.add_argument("--busy", type=int, default=8, help="processes beside them")
    arguments.add_argument("--only", choices=("web", "python"))
    asked, pytest_options = arguments.parse_known_args()
    runs: list[Run] = []
    with busy(asked.busy):
        for suite in suites(pytest_options):
            if asked.only not in {None, suite.name}:
                continue
            for number in range(1, asked.times + 1):
                run = run_of(suite, number)
                runs.append(run)
                if run.code:
                    sys.stdout.write(run.said)
                sys.stdout.write(f"{run.row}\n")
                sys.stdout.flush()
    heading = f"{'suite':8}{'run':>3}  {'':8}{'time':>9}  tests, beside {asked.busy} busy processes"
    sys.stdout.write("\n".join(["", heading, *(run.row for run in runs), ""]))
    return any(run.code for run in runs)


if __name__ == "__main__":
    sys.exit(main())
