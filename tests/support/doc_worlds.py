"""Where the documentation's blocks are run: a folder of their own, a sandbox, a trader in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx

from kalshi_edge.runtime.sandbox_process import free_port
from tests.support.doc_pages import ROOT, Block
from tests.support.patience import PATIENCE_S

STARTS_AT = "2027-04-12T16:00"
"""World time of the sandbox, UTC: noon in New York, with the ladders that the pages name."""
WORLDS = ("alone", "sandbox", "trader")
KEY = "a-key-for-the-documentation-only"
SHIM = """#!/bin/sh
case "$1 $2" in
"sandbox fault" | "sandbox weather-fault" | "sandbox incident" | "sandbox clock" \\
    | "sandbox state" | "sandbox lift") set -- "$@" --port "$SANDBOX_PORT" ;;
esac
exec "{python}" -m kalshi_edge "$@"
"""
FILES = (".env.example", "main.py", "backtest.py", "kalshi_sample.py")


@dataclass(frozen=True, slots=True)
class DocWorld:
    """A folder in which blocks are run one after the other, as a reader would."""

    folder: Path
    environment: dict[str, str]

    def run(self, block: Block) -> subprocess.CompletedProcess[str]:
        """What came of a block; the first line of it that fails ends it."""
        text = block.text
        for address, name in (("127.0.0.1:8765", "SANDBOX_URL"), ("localhost:8000", "API_URL")):
            text = text.replace(address, self.environment.get(name, "").removeprefix("http://"))
        words = (sys.executable, "-c", text)
        if block.language != "python":
            words = ("bash", "-euo", "pipefail", "-c", text)
        return subprocess.run(
            words, check=False, cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
        )  # fmt: skip


def new_world(folder: Path) -> DocWorld:
    """A folder like a clone of the project, with the commands in the path and nothing served."""
    tools = folder / "tools"
    tools.mkdir(parents=True)
    _program(tools / "kalshi-edge", SHIM.replace("{python}", sys.executable))
    # A link would be a Python without its packages.
    _program(tools / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    home = folder / "clone"
    home.mkdir()
    for name in FILES:
        (home / name).write_bytes((ROOT / name).read_bytes())
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "CITIES": "NYC",
        "COLUMNS": "80",
        "API_SECRET_KEY": KEY,
    }
    return DocWorld(home, environment)


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@contextmanager
def in_sandbox(world: DocWorld) -> Iterator[DocWorld]:
    """The world with a sandbox of New York in a process of its own."""
    port = free_port()
    options = ("--port", str(port), "--with-parent", "--start", STARTS_AT)
    with process(world.folder, ("sandbox", "run", *options), world.environment) as running:
        base = f"http://127.0.0.1:{port}"
        _until_answers(f"{base}/control/state", running, world.folder)
        own = {"SANDBOX_URL": base, "SANDBOX_PORT": str(port)}
        yield DocWorld(world.folder, {**world.environment, **own})


@contextmanager
def trading(world: DocWorld) -> Iterator[DocWorld]:
    """The world with a paper trader in it that has had a cycle."""
    port = free_port()
    environment = {**world.environment, "API_PORT": str(port)}
    with process(world.folder, ("run",), environment) as running:
        base = f"http://127.0.0.1:{port}"
        _until_answers(f"{base}/api/ready", running, world.folder)
        yield DocWorld(world.folder, {**environment, "API_URL": base})


@contextmanager
def process(
    folder: Path, words: tuple[str, ...], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A running ``kalshi-edge``; ended with the block."""
    with (folder / "said.txt").open("ab") as said:
        running = subprocess.Popen(
            (sys.executable, "-m", "kalshi_edge", *words),
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **environment},
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
        )
    try:
        yield running
    finally:
        running.terminate()
        running.communicate()


def _until_answers(url: str, running: subprocess.Popen[bytes], folder: Path) -> None:
    deadline_s = monotonic() + PATIENCE_S
    while monotonic() < deadline_s:
        assert running.poll() is None, (folder / "said.txt").read_text()
        try:
            if httpx.get(url, timeout=PATIENCE_S).is_success:
                return
        except (TimeoutError, httpx.TransportError):
            pass
        sleep(0.1)
    raise TimeoutError(f"{url} did not answer: {(folder / 'said.txt').read_text()}")
