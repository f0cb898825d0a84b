"""docs/pictures: what the program shows in a terminal of 80 columns, as pictures of its own text.

A screen has figures that change (a clock, a port); its words must not, or a test asks for a new
one.
"""

import asyncio
import html
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from rich.console import Console, RenderableType
from rich.text import Text

from kalshi_edge import lab
from kalshi_edge.config import load_settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.operations.backtest import backtest_request, run_backtest
from tests.support.doc_worlds import in_sandbox, new_world

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 80
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


def picture(shown: RenderableType, title: str, name: str) -> str:
    """A screen as an SVG that fetches no font from elsewhere."""
    console = Console(width=WIDTH, record=True, file=StringIO(), force_terminal=True)
    console.print(shown)
    drawn = console.export_svg(title=title, unique_id=name)
    return re.sub(r"[ \t]+$", "", FONT_FACE.sub("", drawn), flags=re.MULTILINE)


def words(svg: str) -> list[str]:
    """The words of a screen, without its figures."""
    text = html.unescape(" ".join(TEXT.findall(svg))).replace("\xa0", " ")
    return re.findall(r"[^\W\d_]{2,}", text)


def command(folder: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """What a command prints in a terminal of 80 columns, colours and all; progress left out."""
    done = subprocess.run(
        (sys.executable, "-m", "kalshi_edge", *arguments),
        check=False, cwd=folder, text=True, capture_output=True, stdin=subprocess.DEVNULL,
        env={**environment, "FORCE_COLOR": "1", "COLUMNS": f"{WIDTH}", "TERM": "xterm-256color"},
    )  # fmt: skip
    printed = done.stdout or done.stderr
    return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")


def environment_of_tests(**more: str) -> dict[str, str]:
    """Nothing of this machine's own settings."""
    return {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **more}


def doctor() -> str:
    """A preflight that passes, in a sandbox."""
    with TemporaryDirectory() as folder, in_sandbox(new_world(Path(folder))) as world:
        own = {**world.environment, "TRADING_MODE": "demo"}
        shown = command(world.folder, own, "doctor")
        # its port is whatever was free
        shown = shown.replace(world.environment["SANDBOX_URL"], "http://127.0.0.1:8765")
    # the table is drawn anew for every check: the last drawing has them all
    last = Text.from_ansi(shown[shown.rindex("Preflight") :])
    return picture(last, "kalshi-edge doctor", "doctor")


def backtest() -> str:
    """The head of a SYNTHETIC backtest's report."""
    options = ("--synthetic", "--city", "NYC", "--days", "20", "--until", "2027-04-11")
    with TemporaryDirectory() as folder:
        shown = command(Path(folder), environment_of_tests(), "backtest", *options)
    head = "\n".join(shown.splitlines()[:30])
    return picture(Text.from_ansi(head), f"kalshi-edge backtest {' '.join(options)}", "backtest")


def terminal() -> str:
    """A running trader's screen, of a SYNTHETIC past at a moment at which it holds something."""
    history = lab.example()
    settings = load_settings(history_dir=history, cities=("NYC",))
    request = backtest_request(
        settings, cities=("NYC",), last_day=date(2027, 4, 11), days=30,
        strategies=settings.playbook.strategies, model=settings.model,
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder, "run.db")
        run_backtest(request, store_path=path)
        entries = asyncio.run(_journal(path))
    screen = Dashboard("paper", is_synthetic=True)
    # the last line at which something is held and a ladder is looked at
    found: RenderableType = ""
    for entry in entries:
        screen.publish(entry)
        if screen.cycles and any(trade.is_open for trade in screen._trades.values()):
            found = screen.render()
    return picture(found, "kalshi-edge run", "terminal")


async def _journal(path: Path) -> tuple[JournalEntry, ...]:
    async with SqliteStore(path, mode=None) as store:
        return tuple(await store.journal())


def refusal() -> str:
    """Three refusals, each one sentence."""
    parts = []
    with TemporaryDirectory() as folder:
        for setting in ("KELLY_FRACTION=2", "CITIES=NYC,ATLANTIS", "TRADING_MODE=real"):
            name, _, value = setting.partition("=")
            own = environment_of_tests(**{name: value})
            parts += [Text(f"$ {setting} kalshi-edge run", "bold")]
            parts += [Text.from_ansi(command(Path(folder), own, "run")), Text("")]
    return picture(Text("\n").join(parts[:-1]), "refusals", "refusal")


SCREENS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "doctor.svg": doctor,
        "terminal.svg": terminal,
        "backtest.svg": backtest,
        "refusal.svg": refusal,
    }
)
