"""A snapshot only saves time: with it, at whatever line, the engine is what the journal makes it.

Held against each other: resumed from a snapshot and the lines after it, resumed from the journal
alone, and never restarted; by all that each knows and by what each answers next.
"""

import asyncio
import zlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.db.codec import to_json
from kalshi_edge.db.snapshots import FORMATS, fingerprint, packed, stored_snapshot, unpacked
from kalshi_edge.domain.events import (
    CashKind,
    CashMovement,
    CycleDue,
    Event,
    Started,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.domain.verdicts import Verdict
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.errors import InputError
from kalshi_edge.runtime.resumption import engine_snapshot, resumed_engine
from kalshi_edge.runtime.snapshots import SnapshotSource, SnapshotWriter
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.snapshot import EngineSnapshot, ResultsSnapshot, StateSnapshot
from tests.simulation.virtual_loop import VirtualLoop
from tests.support.trader_harness import (
    CITIES,
    SETUP,
    DrawnExchange,
    Fate,
    Scene,
    TraderHarness,
    fates,
    scripts,
    told,
)

DAYS = [
    Scene(30, CITIES, 54.0, 12, 500, crash=False, command="", settles=False),
    Scene(700, ("NYC", "LA"), 54.0, 16, 20, crash=True, command="halt", settles=False),
    Scene(700, CITIES, 55.4, 16, 20, crash=False, command="resume", settles=True),
    Scene(30, CITIES, 54.0, 20, 50, crash=False, command="close", settles=False),
    Scene(700, CITIES, 52.5, 20, 50, crash=False, command="", settles=True),
]


@dataclass
class WatchedHarness(TraderHarness):
    """A trader of whom a snapshot is taken at every line."""

    taken: dict[int, bytes] = field(default_factory=dict)

    def publish(self, entry: JournalEntry) -> None:
        super().publish(entry)
        assert self.engine is not None
        snapshot = self.engine.snapshot(entry.seq)
        self.taken[entry.seq] = packed("engine", snapshot, fingerprint(self.setup))


def known(engine: Engine) -> dict[str, Any]:
    """All that an engine knows but what a start forgets."""
    account, switch = vars(engine.account), engine.kill_switch._switch
    return {
        **vars(engine.state),
        **{name: value for name, value in account.items() if name != "tracker"},
        **vars(engine.account.tracker),
        "holds": () if switch is None else switch.holds,
        "halts": engine.kill_switch.halts,
        "obeyed": engine._obeyed,
        "evidence": engine.evidence,
    }


def answers(engine: Engine, events: Sequence[Event]) -> list[tuple[Verdict, ...]]:
    """What an engine says once it has started anew."""
    return [engine.handle(event) for event in events]


def next_events(script: Sequence[Scene]) -> list[Event]:
    """What comes after ``script``: a start, and a day like its last."""
    before, all_of_it = told(script), told([*script, replace(script[-1], minutes=700)])
    at = before[-1].received_at
    return [Started(at, ()), *all_of_it[len(before) :], CycleDue(all_of_it[-1].received_at)]


async def in_three_ways(desk: WatchedHarness, seq: int) -> list[Engine]:
    """The engine of ``desk``: from the snapshot of line ``seq``, from the journal, and itself."""
    assert desk.engine is not None
    await desk.store.put_snapshot("engine", desk.taken[seq])
    assert await engine_snapshot(desk.setup, desk.store, await desk.store.last_seq()) is not None
    return [
        await resumed_engine(desk.setup, desk.store),
        await resumed_engine(desk.setup, desk.store, trusts_snapshot=False),
        desk.engine,
    ]


@settings(max_examples=60)
@given(scripts, st.lists(fates, max_size=40), st.integers(0, 10**6))
def test_from_a_snapshot_of_any_line_the_engine_is_what_it_was(
    script: list[Scene], drawn: list[Fate], which: int
) -> None:
    async def story() -> None:
        desk = WatchedHarness(DrawnExchange(drawn))
        events = told(script)
        await desk.play([*events, CycleDue(events[-1].received_at)])
        seqs = sorted(desk.taken)
        snapshot, journal, itself = await in_three_ways(desk, seqs[which % len(seqs)])
        assert known(snapshot) == known(journal)
        assert known(snapshot) == known(itself)
        following = next_events(script)
        said = answers(snapshot, following)
        assert said == answers(journal, following)
        assert said == answers(itself, following)

    asyncio.run(story())


@given(
    scripts,
    st.lists(fates, max_size=40),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 10**6)), max_size=4),
)
def test_a_trader_restarted_from_snapshots_goes_on_as_if_it_had_never_stopped(
    script: list[Scene], drawn: list[Fate], stops: list[tuple[int, int]]
) -> None:
    events = told(script)
    whole, broken = WatchedHarness(DrawnExchange(drawn)), WatchedHarness(DrawnExchange(drawn))

    async def story() -> None:
        await whole.play(events)
        cuts = sorted((min(stop, len(events)), which) for stop, which in stops)
        for (start, _), (end, which) in pairwise([(0, 0), *cuts, (len(events), 0)]):
            await broken.play(events[start:end])
            if seqs := sorted(broken.taken):
                await broken.store.put_snapshot("engine", broken.taken[seqs[which % len(seqs)]])
        assert list(map(to_json, await broken.store.journal())) == list(
            map(to_json, await whole.store.journal())
        )

    asyncio.run(story())


async def test_weeks_later_the_same_is_known_from_every_line() -> None:
    desk, days = WatchedHarness(DrawnExchange([])), DAYS * 6
    at = told(days)[-1].received_at
    then = at - timedelta(days=1)
    deposit = CashMovement("m1", CashKind.DEPOSIT, Decimal(7), Decimal(0), then, then)
    hours = TradingHours(then, maintenance=((at, at + timedelta(hours=3)),))
    events = sorted([*told(days), deposit, hours], key=lambda event: event.received_at)
    await desk.play([*events, CycleDue(at)])
    assert len(await desk.store.daily_records()) > 5
    for seq in [*range(1, len(desk.taken), 61), len(desk.taken)]:
        snapshot, journal, itself = await in_three_ways(desk, seq)
        assert known(snapshot) == known(itself)
        if seq > len(desk.taken) - 20:
            assert answers(snapshot, next_events(days)) == answers(journal, next_events(days))


# --- what is no snapshot --------------------------------------------------------------------------


async def a_desk() -> WatchedHarness:
    desk = WatchedHarness(DrawnExchange([]))
    events = told(DAYS)
    await desk.play([*events, CycleDue(events[-1].received_at)])
    return desk


OTHER_SETUPS = {
    "stations": replace(SETUP, stations=SETUP.stations[1:]),
    "models": replace(SETUP, models=("NBS",)),
    "balance": replace(SETUP, starting_balance=Decimal(7)),
    "mode": replace(SETUP, mode="demo"),
}


@pytest.mark.parametrize("other", OTHER_SETUPS.values(), ids=OTHER_SETUPS)
async def test_a_snapshot_of_another_setup_is_none(other: Setup) -> None:
    desk = await a_desk()
    await desk.store.put_snapshot("engine", desk.taken[len(desk.taken)])
    assert await engine_snapshot(SETUP, desk.store, len(desk.taken)) is not None
    assert await engine_snapshot(other, desk.store, len(desk.taken)) is None
    trusting = await resumed_engine(other, desk.store)
    assert known(trusting) == known(await resumed_engine(other, desk.store, trusts_snapshot=False))


async def test_other_rules_make_no_other_snapshot_and_are_those_of_the_start() -> None:
    desk = await a_desk()
    await desk.store.put_snapshot("engine", desk.taken[len(desk.taken)])
    limits = replace(SETUP.playbook.limits, day_loss_share=Decimal("0.01"))
    other = replace(SETUP, playbook=replace(SETUP.playbook, limits=limits))
    assert await engine_snapshot(other, desk.store, len(desk.taken)) is not None
    assert (await resumed_engine(other, desk.store)).playbook.limits == limits


@settings(max_examples=30)
@given(st.data())
def test_damage_of_any_kind_is_found_and_the_journal_read(data: st.DataObject) -> None:
    async def story() -> None:
        desk = await a_desk()
        whole = desk.taken[len(desk.taken)]
        if data.draw(st.booleans()):
            damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
        else:
            # Behind the compression's own checksum.
            text = bytearray(zlib.decompress(whole))
            text[data.draw(st.integers(0, len(text) - 1))] ^= data.draw(st.integers(1, 255))
            damaged = zlib.compress(bytes(text))
        with pytest.raises(InputError):
            unpacked("engine", damaged, EngineSnapshot, fingerprint(SETUP))
        await desk.store.put_snapshot("engine", damaged)
        assert desk.engine is not None
        assert known(await resumed_engine(SETUP, desk.store)) == known(desk.engine)

    asyncio.run(story())


async def test_a_snapshot_of_another_format_or_of_a_line_to_come_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = await a_desk()
    last = len(desk.taken)
    await desk.store.put_snapshot("engine", desk.taken[last])
    assert await engine_snapshot(SETUP, desk.store, last - 1) is None
    monkeypatch.setitem(FORMATS, "engine", FORMATS["engine"] + 1)  # type: ignore[arg-type]
    assert await engine_snapshot(SETUP, desk.store, last) is None


def test_whoever_changes_what_is_known_decides_whether_the_format_changes() -> None:
    """Fails with every new field; then it belongs into the snapshot, or is no state."""
    engine = SETUP.fresh_engine()
    shape = {
        "engine": sorted((*Core.__slots__, *Engine.__slots__)),
        "state": sorted(vars(engine.state)),
        "learning": sorted(vars(engine.state.learning)),
        "results": sorted(vars(engine.state.learning.results)),
        "account": sorted(vars(engine.account)),
        "tracker": sorted(vars(engine.account.tracker)),
        "kill switch": sorted(vars(engine.kill_switch)),
        **{kind.__name__: sorted(one.name for one in fields(kind)) for kind in SNAPSHOTS},
    }
    assert (shape, FORMATS["engine"]) == (SHAPE, 3)


SNAPSHOTS = (EngineSnapshot, StateSnapshot, ResultsSnapshot)
# Of the newest format. Change it together with what `FORMATS` says.
SHAPE: dict[str, list[str]] = {
    "engine": [
        "_obeyed",
        "account",
        "breakers",
        "evidence",
        "kill_switch",
        "playbook",
        "quotes",
        "state",
        "watch",
    ],
    "state": [
        "_fills",
        "_forecasts",
        "_ladder_by_ticker",
        "_seen",
        "_settlements",
        "books",
        "forecasting",
        "hours",
        "ladders",
        "learning",
        "marks",
        "models",
        "stations",
        "terms",
    ],
    "learning": ["calibrations", "forecasts", "results"],
    "results": ["first_f", "paid", "reports"],
    "account": [
        "counts_from_at",
        "day",
        "deposits_today",
        "movements",
        "opening_balance",
        "orders",
        "paid_in",
        "starting_balance",
        "tracker",
    ],
    "tracker": ["_open", "_seen_fills", "cash", "mode", "trades"],
    "kill switch": ["_switch", "halts"],
    "EngineSnapshot": [
        "counts_from_at",
        "deposits_today",
        "evidence",
        "halts",
        "movements",
        "obeyed",
        "orders",
        "seq",
        "state",
    ],
    "StateSnapshot": [
        "books",
        "calibrations",
        "fills",
        "floors",
        "forecasting",
        "forecasts",
        "former",
        "hours",
        "ladders",
        "lessons",
        "marked",
        "marks",
        "readings",
        "results",
        "settlements",
    ],
    "ResultsSnapshot": ["first_f", "paid", "reports"],
}


# --- writing --------------------------------------------------------------------------------------


async def written(desk: WatchedHarness) -> int:
    found = await stored_snapshot(desk.store, "engine", EngineSnapshot, fingerprint(SETUP))
    return 0 if found is None else found.seq


def virtually(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)


def test_snapshots_are_written_every_so_many_lines_and_at_the_end() -> None:
    async def story() -> None:
        desk = await a_desk()
        lines = list(await desk.store.journal())
        assert desk.engine is not None
        source = SnapshotSource(desk.engine.snapshot, fingerprint(SETUP))
        writer = SnapshotWriter(desk.store, {"engine": source}, every_lines=5)
        async with writer.kept():
            for line in lines[:4]:
                writer.publish(line)
            await asyncio.sleep(1)
            assert await written(desk) == 0
            writer.publish(lines[4])
            await asyncio.sleep(1)
            assert await written(desk) == 5
            for line in lines[5:9]:
                writer.publish(line)
            await asyncio.sleep(1)
            assert await written(desk) == 5
        assert await written(desk) == 9

    virtually(story())


def test_a_snapshot_that_cannot_be_written_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        desk = await a_desk()
        [line] = await desk.store.journal(limit=1)
        writer = SnapshotWriter(desk.store, {"engine": SnapshotSource(lambda _: object())}, 1)
        async with writer.kept():
            writer.publish(line)
            await asyncio.sleep(1)
            assert "no snapshot of engine at line 1" in caplog.messages[0]
        assert await desk.store.snapshot("engine") is None

    virtually(story())


# --- while a journal is read ----------------------------------------------------------------------


@pytest.mark.parametrize("trusts_snapshot", [True, False])
async def test_others_have_their_turn_between_the_lines(*, trusts_snapshot: bool) -> None:
    """A start that takes minutes renews its lease, and answers, meanwhile."""
    desk = await a_desk()
    await desk.store.put_snapshot("engine", desk.taken[1])
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    await resumed_engine(SETUP, desk.store, trusts_snapshot=trusts_snapshot)
    task.cancel()
    assert turns > len(desk.taken) / 2
