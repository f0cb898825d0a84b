"""What was recorded is decided again as it was decided, restarts and deaths included."""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kalshi_edge.cli.main import cli
from kalshi_edge.clock import SystemClock
from kalshi_edge.data.history.records import cities_in, read_city
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.recording.reading import events_of, files_of
from kalshi_edge.data.recording.recorder import Recorder
from kalshi_edge.data.recording.replaying import decisions_of, differences
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.engine import Setup
from kalshi_edge.errors import HistoryError
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runner import run
from kalshi_edge.runtime.resumption import resumed_engine
from kalshi_edge.token_bucket import Rate
from kalshi_edge.trading.playbook import Playbook
from kalshi_sandbox.server import Plan, Sandbox, new_sandbox
from tests.support.trader_harness import (
    DrawnExchange,
    Fate,
    Scene,
    TraderHarness,
    fates,
    scripts,
    told,
)

BASE = "http://127.0.0.1"
CITIES = ("NYC", "MIA")
STATIONS = tuple(station_of(city) for city in CITIES)
START = datetime(2027, 4, 12, 4, 10, tzinfo=UTC)
STEP = timedelta(minutes=30)
DAYS = int(os.environ.get("RECORDED_DAYS", "2"))
"""14 for the whole proof; the usual run is shorter and no different."""
SETUP = Setup("demo", STATIONS, ("NBP",), Decimal(1000), Playbook())


def commanded(*arguments: str) -> str:
    """What a command of ours prints; it must succeed."""
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    return result.output


# --- any script -----------------------------------------------------------------------------------


@settings(max_examples=40)
@given(scripts, st.lists(fates, max_size=30), st.lists(st.integers(0, 300), max_size=3))
def test_a_recording_is_decided_as_its_journal_was_wherever_the_trader_was_restarted(
    script: list[Scene], drawn: list[Fate], stops: list[int]
) -> None:
    events = told(script)
    with TemporaryDirectory() as folder:
        desk = TraderHarness(DrawnExchange(drawn), recording=Path(folder))

        async def in_parts() -> list[JournalEntry]:
            cuts = [0, *sorted(min(stop, len(events)) for stop in stops), len(events)]
            for start, end in pairwise(cuts):
                await desk.play(events[start:end])
            return list(await desk.store.journal())

        journal = asyncio.run(in_parts())
        assert list(differences(Path(folder), journal)) == [None] * len(journal)


# --- weeks in the sandbox -------------------------------------------------------------------------


@dataclass
class Recorded:
    """A trader in a SYNTHETIC world that is stepped by hand, its store and its recording."""

    folder: Path
    deaths: random.Random
    sandbox: Sandbox = field(default_factory=lambda: new_sandbox(Plan(CITIES, 3, START, speed=0.0)))
    sessions: int = 0

    @property
    def store_path(self) -> Path:
        return self.folder / "trader.db"

    @property
    def recording(self) -> Path:
        return self.folder / "recording"

    async def live(self, until: datetime) -> None:
        """Trade until world time ``until``, dying every now and then."""
        transport = httpx.ASGITransport(self.sandbox)
        key = self._joined()
        host = Host(f"{BASE}/trade-api/v2", "ws://127.0.0.1/trade-api/ws/v2")
        account = AccountClient(host, key, self.sandbox.clock, lambda: 0.0, transport=transport)
        public = PublicClient(
            host, self.sandbox.clock, lambda: 0.0, machine=SystemClock(), rate=Rate(1e6, 1e6),
            transport=transport,
        )  # fmt: skip
        await account.learn_limits()
        while self.sandbox.clock.now() < until:
            await self._session(account, public, until)
        assert self.cash == await account.balance()
        await account.aclose()
        await public.aclose()

    def _joined(self) -> ApiKey:
        private = Ed25519PrivateKey.generate()
        pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        member = self.sandbox.exchange.enroll("test", pem, Decimal(1000), tier="prestige")
        return ApiKey(member.key_id, private, SystemClock())

    async def _session(self, account: AccountClient, public: PublicClient, until: datetime) -> None:
        store = SqliteStore(self.store_path, "demo")
        engine = await resumed_engine(SETUP, store)
        seq = await store.last_seq()
        recorder = Recorder(
            self.recording, SETUP, self.sandbox.clock.now(), after_seq=seq, largest_file=40_000
        )
        exchange = KalshiExchange(account, public, self.sandbox.clock)
        feed = self._told(MarketSource(public, STATIONS, self.sandbox.clock), account, until)
        async with aclosing(feed) as news:
            await run(
                news, engine, Executor(exchange, store), store, last_seq=seq, told=recorder.told
            )
        recorder.close()
        await store.close()
        self.cash = engine.account.tracker.cash
        self.sessions += 1

    async def _told(
        self, markets: MarketSource, account: AccountClient, until: datetime
    ) -> AsyncIterator[Event]:
        transport = httpx.ASGITransport(self.sandbox)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as weather:
            while self.sandbox.clock.now() < until:
                self.sandbox.clock.step(STEP)
                now = self.sandbox.clock.now()
                self.sandbox.exchange.venue.advance(now)
                for station in STATIONS:
                    page = await weather.get(
                        "/iem/wx/afos/p.php", params={"pil": f"NBP{station.icao[1:]}"}
                    )
                    for forecast in parse_nbp(page.content, received_at=now).forecasts:
                        yield forecast
                for event in (
                    *await account.fills(),
                    *await markets.refresh(),
                    *await markets.results(),
                ):
                    yield event
                if self.deaths.random() < 0.05:
                    return  # before the cycle: what was told last is in no line
                yield CycleDue(now)

    async def journal(self) -> list[JournalEntry]:
        store = SqliteStore(self.store_path, "demo")
        lines = list(await store.journal())
        await store.close()
        return lines


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """``DAYS`` of trading in the sandbox, recorded."""
    lived = Recorded(tmp_path_factory.mktemp("recorded"), random.Random(4))
    asyncio.run(lived.live(START + timedelta(days=DAYS)))
    return lived


def test_days_of_a_recording_give_the_decisions_that_were_made_live(recorded: Recorded) -> None:
    journal = asyncio.run(recorded.journal())
    assert list(differences(recorded.recording, journal)) == [None] * len(journal)
    decided = list(decisions_of(recorded.recording))
    ours = [to_json(verdicts) for verdicts in (one.verdicts for one in decided)]
    assert ours == [to_json(line.verdicts) for line in journal]
    # it was a run in which something happened, over several files, days and lives
    assert any(isinstance(v, Approved) for line in journal for v in line.verdicts)
    files = files_of(recorded.recording)
    assert len({file.path.parent for file in files}) >= DAYS
    assert recorded.sessions > 1
    assert len(files) > recorded.sessions


def test_a_wrong_figure_in_a_recording_shows(recorded: Recorded, tmp_path: Path) -> None:
    journal = asyncio.run(recorded.journal())
    first = next(line for line in journal if any(isinstance(v, Approved) for v in line.verdicts))
    doctored = [
        line if line.seq != first.seq else JournalEntry(line.seq, line.received_at, line.events, ())
        for line in journal
    ]
    found = [one for one in differences(recorded.recording, doctored) if one is not None]
    assert [one.seq for one in found] == [first.seq]


def test_the_command_replays_a_recording_beside_its_store(
    recorded: Recorded,
) -> None:
    compared = commanded("replay", str(recorded.recording), "--store", str(recorded.store_path))
    assert "same" in compared
    assert "CycleDone" in commanded("replay", str(recorded.recording))


def test_the_facts_of_a_recording_become_history(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTORY_DIR", str(tmp_path / "history"))
    for _ in range(2):  # the second time nothing changes
        commanded("history", "add", str(recorded.recording))
    assert set(cities_in(tmp_path / "history")) == set(CITIES)
    kinds = {type(fact) for city in CITIES for fact in read_city(tmp_path / "history", city)}
    assert {Book, Ladder, Settlement} <= kinds
    facts = sum(1 for city in CITIES for _ in read_city(tmp_path / "history", city))
    events = list(events_of(recorded.recording))
    assert facts <= len(events)


def test_a_file_that_is_missing_is_named(recorded: Recorded, tmp_path: Path) -> None:
    shutil.copytree(recorded.recording, tmp_path / "copy")
    gone = files_of(tmp_path / "copy")[1].path
    gone.unlink()
    with pytest.raises(HistoryError, match="nothing between"):
        list(decisions_of(tmp_path / "copy"))
