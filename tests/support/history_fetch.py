"""``history fetch`` as people run it, in a folder of its own, against a sandbox on a socket."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from kalshi_edge.runtime.sandbox_process import free_port
from tests.support.patience import PATIENCE_S

FIRST, LAST = "2027-04-12", "2027-04-14"
RUN = (sys.executable, "-m", "kalshi_edge")
DIES = """
import os, signal, sys
from pathlib import Path
from kalshi_edge.cli.main import main

steps = int(sys.argv.pop(1))

def dying(act):
    def step(*arguments):
        global steps
        steps -= 1
        if not steps:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*arguments)
    return step

os.fsync, Path.replace = dying(os.fsync), dying(Path.replace)
main()
"""
"""The command, killed where it is about to write to disk, or to put a file into place."""


@dataclass
class FetchFolder:
    """A folder to fetch into, and the command in it."""

    folder: Path
    base: str

    @property
    def history(self) -> Path:
        return self.folder / "history"

    @property
    def content(self) -> dict[str, bytes]:
        files = (path for path in self.history.rglob("*") if path.is_file())
        return {str(path.relative_to(self.history)): path.read_bytes() for path in files}

    @property
    def noted(self) -> dict[str, list[str]]:
        """The sources that are noted as fetched, by day."""
        path = self.history / "NYC" / "fetched.json"
        return json.loads(path.read_bytes()) if path.exists() else {}

    def start(self, *arguments: str, run: tuple[str, ...] = RUN) -> "subprocess.Popen[str]":
        self.folder.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "SANDBOX_URL": self.base,
            "HISTORY_DIR": str(self.history),
            "STORE_PATH": str(self.folder / "trader.db"),
            "COLUMNS": "200",
        }
        return subprocess.Popen(
            (*run, *arguments),
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, fails: bool = False) -> str:
        process = self.start(*arguments)
        out, err = process.communicate()
        assert process.returncode == (2 if fails else 0), err
        return err if fails else out

    def fetch(self, *sources: str, last: str = LAST, fails: bool = False) -> str:
        return self.run(*fetching(*sources, last=last), fails=fails)


def fetching(*sources: str, last: str = LAST) -> tuple[str, ...]:
    chosen = ("--source", ",".join(sources)) if sources else ()
    return "history", "fetch", "--city", "NYC", "--from", FIRST, "--to", last, *chosen


@contextmanager
def still_sandbox(hours: float) -> Iterator[str]:
    """A world that stands still, so many hours after its start."""
    port = free_port()
    options = ("--port", str(port), "--speed", "0", "--start", "2027-04-12T14:20", "--with-parent")
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        (*RUN, "sandbox", "run", *options), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        wait_for(base)
        later(base, hours=hours)
        yield base
        process.terminate()


def wait_for(base: str) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_s:
        try:
            httpx.get(f"{base}/control/state").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("no sandbox came up")


def later(base: str, hours: float) -> None:
    body = {"advance_s": hours * 3600}
    httpx.post(f"{base}/control/clock", json=body, timeout=PATIENCE_S).raise_for_status()
