"""Seconds and memory until ``kalshi-edge run`` answers on six months of SYNTHETIC trading.

The baseline is a new store's start. Each start is a process of its own, in paper mode, against a
sandbox of which only the clock answers. Goal: 3 s and 200 MB, whatever the store holds. Making the
store takes three minutes; with a path as argument, a copy of the store there is used.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx

from kalshi_edge.api.read_model import READ_BACK_LINES
from kalshi_edge.config import load_settings
from kalshi_edge.data.history.days import last_settled_day
from kalshi_edge.data.history.records import read_events
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import Book, Ladder, Level
from kalshi_edge.domain.verdicts import CycleDone
from kalshi_edge.engine import Setup
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import run
from kalshi_edge.runtime.sandbox_process import free_port, write_past

MODE = "synthetic paper"
DAYS = 170
CYCLE = timedelta(minutes=30)
LEVELS = 8
"""A side: history has the best of a book only, a live journal as deep as the stream tells."""
DEEPER = Decimal("0.01")

ROUNDS = 3
LOOK_EVERY_S = 0.01
PATIENCE_S = 600.0
GOAL_S, GOAL_MB = 3, 200


async def trade_six_months(path: Path, days: int = DAYS) -> int:
    """Trade a SYNTHETIC past of ``days`` that ends now into a new store; how many lines it has."""
    settings = load_settings(contact="ann@weather.test")
    setup = Setup(
        settings.trading_mode,
        settings.stations,
        settings.forecast_models,
        settings.starting_balance,
        settings.playbook,
    )
    last = last_settled_day(datetime.now(UTC))
    exchange = SimulatedExchange(setup.starting_balance)
    with TemporaryDirectory() as folder:
        which = ("--until", f"{last}", "--city", ",".join(settings.cities))
        await write_past(Path(folder), ("--seed", "1", "--days", str(days), *which))
        async with SqliteStore(":memory:", MODE) as store:
            await store.note("setup", to_json(setup))
            feed = exchange.watch(_feed(Path(folder), settings.cities))
            await run(feed, setup.fresh_engine(), Executor(exchange, store), store)
            store.save_as(path)
            return await store.last_seq()


async def _feed(folder: Path, cities: Sequence[str]) -> AsyncIterator[Event]:
    """The past with a cycle every half hour, each with a book of every market that is open."""
    books: dict[str, Book] = {}
    closes_at: dict[str, datetime] = {}
    next_at = None
    for event in read_events(folder, cities, date.min, date.max):
        if next_at is None:
            next_at = event.received_at + CYCLE
        while next_at <= event.received_at:
            for book in [book for name, book in books.items() if next_at < closes_at[name]]:
                yield replace(book, valid_at=next_at, received_at=next_at)
            yield CycleDue(next_at)
            next_at += CYCLE
        if isinstance(event, Ladder):
            closes_at |= dict.fromkeys((m.ticker for m in event.markets), event.closes_at)
        if isinstance(event, Book):
            books[event.ticker] = _deepened(event)
            yield books[event.ticker]
        else:
            yield event


def _deepened(book: Book) -> Book:
    """``book`` with worse levels behind its best."""
    bids, asks = book.bids, book.asks
    steps = [DEEPER * n for n in range(1, LEVELS)]
    if bids:
        best = bids[0]
        more = (Level(best.price - step, best.count + n) for n, step in enumerate(steps))
        bids = (best, *(level for level in more if level.price > 0))
    if asks:
        best = asks[0]
        more = (Level(best.price + step, best.count + n) for n, step in enumerate(steps))
        asks = (best, *(level for level in more if level.price < 1))
    return replace(book, bids=bids, asks=asks)


# --- starts ---------------------------------------------------------------------------------------


class _Clock(BaseHTTPRequestHandler):
    """A sandbox of which only the clock answers: nothing here reaches a network."""

    def do_GET(self) -> None:
        is_clock = self.path == "/control/clock"
        body = json.dumps({"now": datetime.now(UTC).isoformat(), "speed": 1.0}).encode()
        self.send_response(200 if is_clock else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@contextmanager
def clock_only() -> Iterator[str]:
    """The address of such a sandbox."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Clock)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Start:
    """One start, until it answered what was asked."""

    first_s: float
    """Anything at all: that it is starting."""
    answers_s: float
    """``/api/live``: it trades, and can be halted."""
    filled_s: float
    """Until the equity curve reaches as far back as it will."""
    peak_mb: float
    """Resident memory, at most, until it answered."""

    def told(self, name: str, base: "Start") -> str:
        """One line, with ratios to ``base``."""
        return (
            f"{name:34}{self.first_s:6.2f} s first  {self.answers_s:6.2f} s answers"
            f" ({self.answers_s / base.answers_s:4.1f} x)  {self.filled_s:6.2f} s all of the past"
            f"  {self.peak_mb:5.0f} MB ({self.peak_mb / base.peak_mb:3.1f} x)"
        )


def started(store: Path, sandbox: str, points: int = 1) -> Start:
    """Start a trader on ``store`` as ``kalshi-edge run`` does, and end it again.

    Its equity curve has ``points`` at least.
    """
    port, root = free_port(), str(Path(__file__).resolve().parents[1])
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": root,
        "SANDBOX_URL": sandbox,
        "STORE_PATH": str(store),
        "API_PORT": str(port),
        "LOG_PATH": os.devnull,
    }
    began_s = time.perf_counter()
    trader = subprocess.Popen(
        (sys.executable, "-m", "kalshi_edge", "run"), env=environment, cwd=store.parent
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:

            def asked(path: str, enough: Callable[[Any], bool] | None) -> float:
                while trader.poll() is None and time.perf_counter() - began_s < PATIENCE_S:
                    try:
                        answer = http.get(path)
                    except httpx.TransportError:
                        answer = None
                    if answer is not None and _is_enough(answer, enough):
                        return time.perf_counter() - began_s
                    time.sleep(LOOK_EVERY_S)
                raise SystemExit(f"no answer at {path}")

            first_s = asked("/api/ready", None)
            answers_s = asked("/api/live", bool)
            peak_mb = _peak_mb(trader.pid)
            filled_s = asked("/api/equity?limit=5000", lambda it: len(it["points"]) >= points)
    finally:
        trader.terminate()
        trader.wait()
    return Start(first_s, answers_s, filled_s, peak_mb)


def _is_enough(answer: httpx.Response, enough: Callable[[Any], bool] | None) -> bool:
    return enough is None or (answer.status_code == HTTPStatus.OK and enough(answer.json()))


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [peak] = [line for line in lines if line.startswith("VmHWM")]
    return int(peak.split()[1]) / 1000


async def _points(path: Path) -> int:
    """How many points the equity curve has at least."""
    async with SqliteStore(path, None) as store:
        last = await store.last_seq()
        after, found = max(last - READ_BACK_LINES, 0), 0
        while lines := await store.journal(after, 100, kinds=(CycleDone,), event_kinds=()):
            found += sum(bool(line.verdicts) for line in lines)
            after = lines[-1].seq
        return found


def main() -> None:
    with TemporaryDirectory() as name, clock_only() as sandbox:
        folder = Path(name)
        if len(sys.argv) > 1:
            store = Path(shutil.copy(sys.argv[1], folder / "months.db"))
        else:
            store = folder / "months.db"
            asyncio.run(trade_six_months(store))
        with closing(sqlite3.connect(store)) as db:
            [(lines,)] = db.execute("SELECT max(seq) FROM journal")
        print(f"SYNTHETIC: {lines:,} lines, {store.stat().st_size / 1e6:.0f} MB")
        base = min((started(folder / f"new{n}.db", sandbox) for n in range(ROUNDS)), key=_answers_s)
        print(base.told("a new store (baseline)", base))
        points = asyncio.run(_points(store))
        print(started(store, sandbox, points).told("months, the journal alone", base))
        best = min((started(store, sandbox, points) for _ in range(ROUNDS)), key=_answers_s)
        print(best.told("months, from the snapshot", base))
        print(f"goal: {GOAL_S} s and {GOAL_MB} MB from the snapshot")


def _answers_s(start: Start) -> float:
    return start.answers_s


if __name__ == "__main__":
    main()
