"""What every ``Store`` promises, held against each of them.

To add one: a ``Made`` in ``STORES`` whose ``open`` gives a store on the same data each time.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from kalshi_edge.choices import ForecastModel
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.config import DynamoConfig
from kalshi_edge.db.dynamo.head import HEAD
from kalshi_edge.db.dynamo.head import SCHEMA_VERSION as DYNAMO_SCHEMA
from kalshi_edge.db.dynamo.items import JOURNAL, SWITCH
from kalshi_edge.db.dynamo.store import DynamoStore
from kalshi_edge.db.dynamo.writes import Item, Write, number, text
from kalshi_edge.db.schema import SCHEMA_VERSION
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.beliefs import (
    Belief,
    EmosForecast,
    EmosRecord,
    EmosState,
    IssuedPosterior,
    Lead,
    PoolLesson,
    PoolRecord,
    PoolState,
    Predictors,
)
from kalshi_edge.domain.events import (
    AcknowledgeTerms,
    CalibrationDue,
    CancelRequest,
    CashKind,
    CashMovement,
    Close,
    ClosePosition,
    CycleDue,
    DayTurned,
    Defect,
    Event,
    Halt,
    LookDue,
    OrderUpdate,
    PartFailed,
    Print,
    Resume,
    SetStage,
    Started,
)
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    DecidedLeg,
    EvidenceCell,
    FirstDecision,
    SeenLadder,
    Stage,
    StageState,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import (
    Order,
    OrderReport,
    OrderStep,
    Settlement,
    Side,
    Strategy,
    derived_id,
)
from kalshi_edge.domain.records import (
    Calibration,
    Cause,
    DailyRecord,
    Hold,
    MarkOut,
    SeriesTerms,
    Switch,
    SwitchState,
    Trade,
)
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.domain.verdicts import (
    Adopted,
    Alarm,
    Approved,
    CalibrationDone,
    CancelOrder,
    CashFlow,
    Check,
    CityView,
    CycleDone,
    Leg,
    ModelView,
    Opportunity,
    Refused,
    ResolveOrder,
    Verdict,
)
from kalshi_edge.domain.weather import Basis, ClimateReport, Observation
from kalshi_edge.errors import Fenced, StoreError
from kalshi_edge.ports import Store
from tests.support.builders import DAY, NOW, TICKER, book, fill, forecast, intent, ladder
from tests.support.dynamodb_local import place, tables_of

D = Decimal
LATER = NOW + timedelta(hours=1)
DYNAMODB = "TEST_DYNAMODB"


@dataclass(frozen=True)
class Made:
    """One kind of store on data that outlives it."""

    path: Path

    @asynccontextmanager
    async def open(self, mode: str | None = "paper") -> AsyncIterator[Store]:
        """The store, once more."""
        async with SqliteStore(self.path, mode) as store:
            yield store

    async def spoil_switch(self) -> None:
        """Make the stored switch unreadable behind the store's back."""
        async with SqliteStore(self.path, "paper") as store:
            store._db.execute("INSERT OR REPLACE INTO switch VALUES (1, x'7B7B')")

    async def lose_switch(self) -> None:
        """Make even asking for the switch fail."""
        async with SqliteStore(self.path, "paper") as store:
            store._db.execute("DROP TABLE switch")

    async def age_schema(self, by: int) -> None:
        """Claim that another version of the program wrote the data."""
        async with SqliteStore(self.path, "paper") as store:
            store._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + by}")


@dataclass(frozen=True)
class MadeTables:
    """The same in DynamoDB, on tables named after the folder."""

    folder: Path

    @property
    def place(self) -> DynamoConfig:
        """Another process finds the engine by the environment."""
        return place(os.environ[DYNAMODB], f"t{derived_id(self.folder)}")

    @asynccontextmanager
    async def open(self, mode: str | None = "paper") -> AsyncIterator[Store]:
        """The store, once more."""
        await tables_of(self.place)
        async with DynamoStore(self.place, mode) as store:
            yield store

    async def spoil_switch(self) -> None:
        """Make the stored switch unreadable behind the store's back."""
        await self._set(SWITCH, body=text("{{"))

    async def lose_switch(self) -> None:
        """Make even asking for the switch fail."""
        await self._set(SWITCH, body=number(0))

    async def age_schema(self, by: int) -> None:
        """Claim that another version of the program wrote the data."""
        await self._set(HEAD, schema=number(DYNAMO_SCHEMA + by))

    async def _set(self, key: Item, **values: Mapping[str, Any]) -> None:
        async with self.open():
            dynamo = Dynamo(self.place)
            await dynamo.write(Write(JOURNAL, key, values))
            dynamo.close()


STORES: dict[str, Callable[[Path], Made | MadeTables]] = {
    "sqlite": lambda folder: Made(folder / "store.db"),
    "dynamodb": MadeTables,
}


@pytest.fixture(params=sorted(STORES))
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of store that can be had here."""
    if request.param == "dynamodb":
        monkeypatch.setenv(DYNAMODB, request.getfixturevalue("dynamodb"))
    return str(request.param)


@pytest.fixture
def made(kind: str, tmp_path: Path) -> Made | MadeTables:
    return STORES[kind](tmp_path)


@pytest.fixture
async def store(made: Made) -> AsyncIterator[Store]:
    async with made.open() as opened:
        yield opened


# --- one of every kind ----------------------------------------------------------------------------

ORDER = Order(intent(fair=0.4, edge=0.06, bracket_id="b", expires_at=LATER))
LEG = Leg(TICKER, Bin(52, 53), 0.4, None, D("0.33"), 0.07, -0.0, 0.05)
CHECK = Check("spread", False, "≤ 52°: $0.20", "≤ $0.12")
FOUND = Opportunity(Strategy.BRACKET, "NYC", DAY, (LEG, replace(LEG, ask=None)), (CHECK,))
TRADE = Trade(
    "t", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW, count=D("3.12"), paid=D("1.0296")
)
VIEW = CityView(
    "NYC", DAY, "E", "NBP", NOW, 54.0, 54.5, 2.0, 0.5, 1.0, None,
    (Bin(None, 51), Bin(52, None)), (0.25, 0.75), (None, 0.5),
)  # fmt: skip
BINS, HALVES = (Bin(None, 51), Bin(52, None)), (0.5, 0.5)
PREDICTORS = Predictors(DAY, 54.0, "NBP", "5.0", (1.0, -0.25), (1.0, 0.5))
BELIEF = Belief((0.125, 0.25), ((4.0, 0.5), (0.5, 2.0)))
NEW_VIEW = replace(
    VIEW,
    lead=Lead.NIGHT,
    models=(ModelView(ForecastModel.EMOS, HALVES, 52.0, 2.5),),
    mid=HALVES,
    incoherence="no quotes",
    earned_weight=0.125,
    market_sharpening=-0.0,
    emos=EmosForecast(PREDICTORS, "NBP", 52.0, 2.5),
    issued=IssuedPosterior(BINS, HALVES, HALVES, (HALVES,) * 3, 1),
)
CELL = EvidenceCell("NYC", Lead.NIGHT, Strategy.SINGLE, ForecastModel.EMOS, True, "min_edge=0.05")
EMOS_RECORD = EmosRecord(
    "NYC", Lead.NIGHT, "NBP", EmosState(BELIEF, BELIEF, "5.0", 9), (PREDICTORS.lesson(53),), DAY
)
POOL_RECORD = PoolRecord(
    "NYC", Lead.NIGHT, "", PoolState(BELIEF, BELIEF, ((0.5, 0.25, 0.25),), 9),
    (PoolLesson(DAY, HALVES, HALVES, (HALVES,) * 3, 1, 0),), DAY,
)  # fmt: skip
EVENTS: tuple[Event, ...] = (
    forecast({10: 50.5, 50: 54.0, 90: 57.25}),
    Observation("KNYC", Basis.T_GROUP, NOW, NOW, 53, 54, LATER),
    ClimateReport("CLINYC", DAY, 0, None, True, False, True, None, LATER, "CENTRAL PARK NY"),
    ladder(),
    book(),
    Settlement(TICKER, D("0.37"), D("54.00"), NOW, LATER),
    fill(ORDER.intent, "1.56", "0.3250", "0.017500"),
    OrderUpdate(ORDER.intent.intent_id, OrderStep.LOSE, NOW, "x", D("1.56"), "timed out"),
    AccountStatement(
        NOW,
        LATER,
        D("12.345678"),
        (Holding(TICKER, D("-1.5"), D("0.6")),),
        (OrderReport("x", "i", TICKER, Side.SELL, D("0.4"), D(1), D(2), "resting"),),
        NOW,
    ),
    CashMovement("p", CashKind.DEPOSIT, D(250), D(2), NOW, LATER, "applied", "ach"),
    Started(NOW, (ORDER,)),
    LookDue(NOW),
    Print(TICKER, D("0.32"), D("1.56"), Side.SELL, NOW, LATER),
    Defect(NOW, "an event", "KeyError: 'x'", "Traceback …"),
    PartFailed(NOW, "a source", "KeyError: 'x'", "Traceback …"),
    TradingHours(NOW, maintenance=((NOW, LATER),), is_trading=False, resumes_at=LATER),
    CycleDue(NOW),
    DayTurned(NOW),
    CalibrationDue(NOW, is_last=True),
    Halt("Überhitzung – „halt“", NOW, "c0", "ann", SwitchState.FLATTEN, Cause.DRILL),
    Resume("", NOW, cause=Cause.LEASE),
    ClosePosition("t", D("1.5"), D("0.01"), NOW, (Close("u", D(2), D("0.3")),), True, "why", "c1"),
    CancelRequest("theirs", "no more", NOW, "c2", "ann"),
    AcknowledgeTerms("KXHIGHNY", "f", NOW),
    SetStage(CELL.cell_id, Stage.FULL, NOW, True, "why", "c3", "ann"),
)
VERDICTS: tuple[Verdict, ...] = (
    Approved((ORDER.intent,), FOUND, (CHECK,)),
    Approved((replace(ORDER.intent, reduces=True),), None, ()),
    Refused(FOUND, (CHECK,)),
    Refused(Halt("no", NOW), ()),
    CycleDone(NOW, (VIEW, NEW_VIEW), ("E: no forecast",), 1, 2, D("999.999999"), D("1000")),
    CalibrationDone(NOW, ("LA",), ("NYC",)),
    CancelOrder(ORDER.intent.intent_id, "too old"),
    ResolveOrder(ORDER.intent.intent_id, False, (CHECK,)),
    Adopted(ORDER),
    CashFlow(D("-12.5"), "withdrawn", NOW),
    Alarm("terms_changed", "rules changed"),
    Order(ORDER.intent).step(OrderStep.SEND, order_id="x"),
    Switch(
        SwitchState.CANCEL,
        "day loss",
        NOW,
        LATER,
        Cause.DAY_LOSS,
        (Hold(Cause.PERSON, SwitchState.HALT, "by hand", NOW),),
    ),
    Calibration("NYC", "NBP", "5.0", 0.1 + 0.2, 1.1, 3, DAY, -0.0, 2.0, NOW),
    TRADE,
    MarkOut("f", "i", TICKER, "NYC", Side.SELL, D("0.33"), D("1.56"), 5, D("0.325"), LATER),
    DailyRecord(DAY, "paper", D(1000), D("1000.15"), D("0.15"), D("0.35"), 1, 0, 1),
    SeriesTerms("KXHIGHNY", "f", "The Weather Company", False, NOW),
    EMOS_RECORD,
    POOL_RECORD,
    CellBatch(0, (CELL,), NOW, "digest"),
    SeenLadder("E", "NYC", DAY, Lead.NIGHT, LATER, NOW, HALVES, ((ForecastModel.EMOS, HALVES),)),
    FirstDecision(CELL.cell_id, "E", DAY, NOW, (DecidedLeg(TICKER, D(3), D("1.05")),), ("t",)),
    CellState(
        CELL.cell_id,
        (0.5, -0.25),
        (HALVES * 2, HALVES * 2),
        3,
        2,
        NOW,
        (1.5, 1.0, 0.5),
        1,
        LATER,
        (DAY,),
    ),
    StageState(CELL.cell_id, Stage.QUARTER, NOW, "ann", "earned", True, 3),
)


def line(seq: int, *verdicts: Verdict, events: tuple[Event, ...] = ()) -> JournalEntry:
    return JournalEntry(seq, NOW, events or (CycleDue(NOW),), verdicts or (Alarm("a", "b"),))


def test_the_lines_below_hold_every_kind_of_event_and_verdict() -> None:
    def kinds(union: object) -> set[type]:
        return {k for part in get_args(union) for k in (kinds(part) if get_args(part) else {part})}

    assert {type(event) for event in EVENTS} == kinds(Event)
    assert {type(verdict) for verdict in VERDICTS} == kinds(Verdict)


async def test_a_line_of_every_kind_comes_back_equal_and_from_another_process_too(
    store: Store, made: Made
) -> None:
    whole = JournalEntry(1, LATER, EVENTS, VERDICTS)
    await store.add_order(ORDER)
    await store.append(whole)
    assert list(await store.journal()) == [whole]
    async with made.open() as again:
        assert to_json((await again.journal())[0]) == to_json(whole)


# --- journal --------------------------------------------------------------------------------------


async def test_a_new_store_knows_nothing(store: Store) -> None:
    assert await store.last_seq() == 0
    for nothing in (
        await store.journal(),
        await store.orders(),
        await store.trades(),
        await store.calibrations(),
        await store.daily_records(),
        await store.terms(),
        await store.fill_ids(),
    ):
        assert len(nothing) == 0
    assert (await store.switch(NOW)).state is SwitchState.RUN


async def test_lines_are_numbered_without_a_gap(store: Store) -> None:
    await store.append(line(1))
    for wrong in (0, 1, 3, -1):
        with pytest.raises(StoreError, match=f"journal line {wrong} offered, 2 is next"):
            await store.append(line(wrong))
    await store.append(line(2))
    assert await store.last_seq() == 2


async def test_a_line_refused_leaves_nothing_behind(store: Store) -> None:
    told = fill(ORDER.intent, 1, "0.33")
    with pytest.raises(StoreError):
        await store.append(line(7, TRADE, events=(told,)))
    with pytest.raises(StoreError, match="never added"):
        await store.append(line(1, TRADE, ORDER, events=(told,)))
    assert await store.last_seq() == 0
    assert list(await store.trades()) == []
    assert await store.fill_ids() == frozenset()


async def test_the_journal_is_read_in_order_from_anywhere_and_in_part(store: Store) -> None:
    for seq in range(1, 8):
        await store.append(line(seq))
    assert [one.seq for one in await store.journal()] == [1, 2, 3, 4, 5, 6, 7]
    assert [one.seq for one in await store.journal(5)] == [6, 7]
    assert [one.seq for one in await store.journal(2, 3)] == [3, 4, 5]
    assert [one.seq for one in await store.journal(limit=1)] == [1]
    assert list(await store.journal(7)) == list(await store.journal(0, 0)) == []


async def test_the_journal_is_read_without_the_verdicts_nobody_asks_for(store: Store) -> None:
    await store.add_order(ORDER)
    await store.append(line(1, *VERDICTS, events=EVENTS))
    halt, asked = Switch(SwitchState.HALT, "by hand", NOW), (Switch, DailyRecord)
    await store.append(line(2, Alarm("a", "b"), halt))

    first, second = await store.journal(kinds=asked)

    assert list(first.events) == list(EVENTS)
    assert [type(verdict) for verdict in first.verdicts] == [
        type(verdict) for verdict in VERDICTS if isinstance(verdict, asked)
    ]
    assert second.verdicts == (halt,)
    assert [one.verdicts for one in await store.journal(kinds=())] == [(), ()]


# --- orders ---------------------------------------------------------------------------------------


async def test_an_intent_is_added_once_and_the_first_stays(store: Store) -> None:
    assert await store.add_order(ORDER) is True
    assert await store.add_order(ORDER) is False
    assert await store.add_order(Order(replace(ORDER.intent, count=D(99)))) is False
    assert list(await store.orders()) == [ORDER]


async def test_a_second_adding_does_not_set_an_order_back(store: Store) -> None:
    sent = ORDER.step(OrderStep.SEND)
    await store.add_order(sent)
    await store.add_order(ORDER)
    assert list(await store.orders()) == [sent]


async def test_live_orders_are_those_that_may_still_trade(store: Store) -> None:
    orders = [Order(intent(name=str(number))) for number in range(5)]
    for order in orders:
        await store.add_order(order)
    new, *rest = orders
    sent = [order.step(OrderStep.SEND) for order in rest]
    after = [
        new,
        sent[0].step(OrderStep.LOSE),
        sent[1].step(OrderStep.FINISH),
        sent[2].step(OrderStep.FINISH, reported=D(2)),
        sent[3].fill(sent[3].intent.count),
    ]
    await store.append(line(1, *after))
    assert list(await store.orders()) == after
    live = [after[0], after[1], after[3]]
    assert list(await store.orders(live_only=True)) == live
    # a fill and its order's move come with one line
    owed = after[3].fill(D(2))
    told = fill(owed.intent, 2, "0.33")
    await store.append(line(2, TRADE, owed, events=(told,)))
    assert list(await store.orders(live_only=True)) == live[:2]
    assert await store.fill_ids() == {told.fill_id}


# --- records --------------------------------------------------------------------------------------


async def test_a_trade_is_kept_as_last_told_in_its_first_place(store: Store) -> None:
    other = replace(TRADE, trade_id="u", city="CHI", climate_day=date(2026, 11, 23))
    third = replace(TRADE, trade_id="v", climate_day=date(2026, 11, 23))
    await store.append(line(1, TRADE, other))
    await store.append(line(2, third, replace(TRADE, open_count=D(1))))
    first = replace(TRADE, open_count=D(1))
    assert list(await store.trades()) == [first, other, third]
    assert list(await store.trades(city="NYC")) == [first, third]
    assert list(await store.trades(day=date(2026, 11, 23))) == [other, third]
    assert list(await store.trades(day=date(2026, 11, 23), city="NYC")) == [third]
    assert list(await store.trades(city="nobody")) == []


async def test_fills_are_named_once_however_often_they_are_told(store: Store) -> None:
    told = fill(ORDER.intent, 1, "0.33")
    await store.append(line(1, events=(told, told)))
    await store.append(line(2, events=(told, CycleDue(NOW))))
    assert await store.fill_ids() == {told.fill_id}


async def test_calibrations_are_all_kept_oldest_first(store: Store) -> None:
    records = [Calibration("NYC", "NBP", "5.0", days=days) for days in (1, 2, 3)]
    chicago = Calibration("CHI", "NBP", "5.0", days=1)
    for seq, record in enumerate((records[0], chicago, *records[1:]), 1):
        await store.append(line(seq, record))
    assert list(await store.calibrations("NYC")) == records
    assert list(await store.calibrations()) == [records[0], chicago, *records[1:]]


async def test_a_day_has_one_record_and_days_are_in_order(store: Store) -> None:
    day = DailyRecord(DAY, "paper", D(1), D(2), D(1), D(0), 1, 0, 0)
    before = replace(day, day=DAY - timedelta(days=1))
    await store.append(line(1, day, before, replace(day, halts=1)))
    assert list(await store.daily_records()) == [before, replace(day, halts=1)]


async def test_a_series_has_the_rules_last_told(store: Store) -> None:
    terms = SeriesTerms("KXHIGHNY", "f", "TWC", False, NOW)
    await store.append(line(1, terms, replace(terms, series="KXHIGHCHI")))
    await store.append(line(2, replace(terms, accepted=True)))
    found = {one.series: one.accepted for one in await store.terms()}
    assert found == {"KXHIGHCHI": False, "KXHIGHNY": True}


# --- the switch -----------------------------------------------------------------------------------


async def test_the_switch_is_the_one_last_thrown_and_survives(store: Store, made: Made) -> None:
    halt = Switch(SwitchState.HALT, "by hand", NOW)
    await store.append(line(1, halt, Switch(SwitchState.RUN, "again", NOW), halt))
    assert await store.switch(LATER) == halt
    async with made.open() as again:
        assert (await again.switch(LATER + timedelta(days=900))).is_halted(LATER)
        await again.append(line(2, Switch(SwitchState.RUN, "resumed", LATER)))
    assert not (await store.switch(LATER)).is_halted(LATER)


async def test_a_switch_that_cannot_be_read_is_a_halt_that_says_so(made: Made) -> None:
    await made.spoil_switch()
    async with made.open() as store:
        spoilt = await store.switch(NOW)
    assert spoilt.is_halted(NOW + timedelta(days=900))
    assert "cannot be read" in spoilt.reason
    await made.lose_switch()
    async with made.open() as store:
        assert (await store.switch(NOW)).is_halted(NOW)


# --- whose it is ----------------------------------------------------------------------------------


async def test_a_store_belongs_to_the_mode_that_made_it(made: Made) -> None:
    async with made.open("paper") as store:
        await store.append(line(1))
    for other in ("live", "demo", "", "PAPER"):
        with pytest.raises(StoreError, match="belongs to mode paper"):
            async with made.open(other):
                pass
    async with made.open("paper") as store:
        assert await store.last_seq() == 1


async def test_whoever_only_looks_need_not_say_a_mode(made: Made) -> None:
    async with made.open("live"):
        pass
    async with made.open(None) as looking:
        assert await looking.last_seq() == 0


@pytest.mark.parametrize("by", [1, 7])
async def test_data_of_a_newer_program_is_refused(made: Made, by: int) -> None:
    await made.age_schema(by)
    with pytest.raises(
        StoreError, match=f"schema {SCHEMA_VERSION + by}|schema {DYNAMO_SCHEMA + by}"
    ):
        async with made.open():
            pass
    with pytest.raises(StoreError, match="schema"):
        async with made.open(None):
            pass


# --- others at the same time ----------------------------------------------------------------------


async def test_a_second_writer_cannot_take_a_number_that_is_taken(store: Store, made: Made) -> None:
    async with made.open() as other:
        await store.append(line(1))
        with pytest.raises(StoreError, match="journal line 1 offered, 2 is next"):
            await other.append(line(1))


# --- the lease ------------------------------------------------------------------------------------

SHORT = timedelta(seconds=30)


async def test_a_free_lease_is_taken_kept_by_its_holder_and_prolonged(store: Store) -> None:
    assert (await store.lease()).holder == ""
    lease = await store.take_lease("a", NOW, SHORT)
    assert (lease.holder, lease.token, lease.expires_at) == ("a", 1, NOW + SHORT)
    assert await store.lease() == lease
    later = await store.take_lease("a", NOW + SHORT * 5, SHORT)
    assert (later.token, later.expires_at) == (1, NOW + SHORT * 6)


async def test_anothers_lease_is_told_until_it_has_run_out(store: Store, made: Made) -> None:
    held = await store.take_lease("a", NOW, SHORT)
    async with made.open() as other:
        for at in (NOW, NOW + SHORT - timedelta(microseconds=1), NOW - timedelta(days=900)):
            assert await other.take_lease("b", at, SHORT) == held
        taken = await other.take_lease("b", NOW + SHORT, SHORT)
    assert (taken.holder, taken.token) == ("b", 2)
    assert await store.take_lease("a", NOW + SHORT, SHORT) == taken


async def test_a_lease_given_up_is_free_at_once_and_its_token_is_spent(
    store: Store, made: Made
) -> None:
    await store.take_lease("a", NOW, SHORT)
    async with made.open() as other:
        await other.drop_lease("b")
        assert (await other.take_lease("b", NOW, SHORT)).holder == "a"
        await store.drop_lease("a")
        assert (await other.take_lease("b", NOW, SHORT)).token == 2
    assert (await store.take_lease("a", NOW + SHORT, SHORT)).token == 3


async def assert_fenced(store: Store) -> None:
    for write in (
        lambda: store.append(line(2)),
        lambda: store.add_order(Order(intent(name="late"))),
        lambda: store.note("setup", b"{}"),
    ):
        with pytest.raises(Fenced):
            await write()


@pytest.mark.parametrize("jump", [SHORT, timedelta(days=3650)], ids=["in time", "clock jump"])
async def test_whoever_lost_the_lease_writes_nothing_more(
    store: Store, made: Made, jump: timedelta
) -> None:
    """However wrong the other's clock: it has the lease now, and the one before is told."""
    await store.take_lease("a", NOW, SHORT)
    await store.add_order(ORDER)
    await store.append(line(1))
    async with made.open() as other:
        await other.take_lease("b", NOW + jump, SHORT)
        await assert_fenced(store)
        await other.append(line(2))
        assert list(await other.orders()) == [ORDER]
        assert await other.noted("setup") is None


async def test_a_clock_set_back_keeps_the_lease_with_its_holder(store: Store, made: Made) -> None:
    await store.take_lease("a", NOW, SHORT)
    back = NOW - timedelta(hours=1)
    assert (await store.take_lease("a", back, SHORT)).expires_at == back + SHORT
    await store.append(line(1))
    async with made.open() as other:
        assert (await other.take_lease("b", NOW, SHORT)).token == 2
    with pytest.raises(Fenced):
        await store.append(line(2))


async def test_an_abandoned_lease_is_taken_whatever_the_clocks_say(
    store: Store, made: Made
) -> None:
    """The holder's clock was hours ahead when it died: the asker has seen nothing change."""
    ahead = NOW + timedelta(hours=6)
    held = await store.take_lease("a", ahead, SHORT)
    async with made.open() as other:
        assert await other.take_lease("b", NOW, SHORT) == held
        taken = await other.take_lease("b", NOW, SHORT, abandoned=held)
        assert (taken.holder, taken.token, taken.expires_at) == ("b", 2, NOW + SHORT)
    await assert_fenced(store)


async def test_a_lease_that_was_renewed_meanwhile_is_not_abandoned(
    store: Store, made: Made
) -> None:
    held = await store.take_lease("a", NOW, SHORT)
    renewed = await store.take_lease("a", NOW, SHORT)  # by a clock that stands still
    assert renewed != held
    async with made.open() as other:
        assert await other.take_lease("b", NOW, SHORT, abandoned=held) == renewed
    await store.append(line(1))


async def test_whoever_asked_in_vain_or_gave_it_up_does_not_write(store: Store, made: Made) -> None:
    await store.take_lease("a", NOW, SHORT)
    await store.add_order(ORDER)
    await store.append(line(1))
    async with made.open() as other:
        await other.take_lease("b", NOW, SHORT)
        await assert_fenced(other)
    await store.drop_lease("a")
    await assert_fenced(store)
    assert await store.last_seq() == 1


async def test_one_of_many_who_ask_at_once_gets_the_lease(made: Made) -> None:
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(made.open()) for _ in range(10)]
        asked = [store.take_lease(f"h{n}", NOW, SHORT) for n, store in enumerate(stores)]
        leases = await asyncio.gather(*asked)
    assert len(set(leases)) == 1
    assert leases[0].token == 1


# --- snapshots ------------------------------------------------------------------------------------


async def test_the_newest_snapshot_of_a_name_counts_however_large_it_is(
    store: Store, made: Made
) -> None:
    assert await store.snapshot("engine") is None
    large = random.Random(1).randbytes(1_000_000)
    for body in (b"first", large, b"", large[:-1], large[:-1]):
        await store.put_snapshot("engine", body)
        await store.put_snapshot("read_model", body[:7])
        async with made.open(None) as looking:
            assert await looking.snapshot("engine") == body
            assert await looking.snapshot("read_model") == body[:7]
    assert await store.notes() == {}


async def test_whoever_lost_the_lease_writes_no_snapshot(store: Store, made: Made) -> None:
    await store.take_lease("a", NOW, SHORT)
    await store.put_snapshot("engine", b"ours")
    async with made.open() as other:
        await other.take_lease("b", NOW + SHORT, SHORT)
        with pytest.raises(Fenced):
            await store.put_snapshot("engine", b"late")
        assert await other.snapshot("engine") == b"ours"


async def test_of_orders_the_live_ones_and_those_named_are_told_in_their_order(
    store: Store,
) -> None:
    first, second, third, live = [Order(intent(name=name)) for name in "abcd"]
    for order in (first, second, third, live):
        await store.add_order(order)
    over = [order.step(OrderStep.FINISH) for order in (first, second, third)]
    await store.append(line(1, *over))
    names = [order.intent.intent_id for order in (third, first, live)]
    told = await store.orders(live_only=True, also=[*names, "unknown"])
    assert [order.intent for order in told] == [one.intent for one in (first, third, live)]
    assert len(await store.orders()) == 4


async def test_a_line_may_be_read_with_some_kinds_of_event_and_always_its_last(
    store: Store,
) -> None:
    events = (DayTurned(NOW), CycleDue(NOW), DayTurned(LATER))
    await store.append(JournalEntry(1, LATER, events, (Alarm("a", "b"),)))
    [narrow] = await store.journal(kinds=(), event_kinds=(CycleDue,))
    assert (narrow.events, narrow.verdicts) == (events[1:], ())
    [bare] = await store.journal(event_kinds=())
    assert (bare.events, bare.verdicts) == (events[2:], (Alarm("a", "b"),))


# --- notes ----------------------------------------------------------------------------------------


async def test_notes_are_kept_and_the_newest_counts(store: Store, made: Made) -> None:
    assert await store.noted("setup") is None
    await store.note("setup", b"{}")
    await store.note("setup", "°F".encode())
    async with made.open(None) as looking:
        assert await looking.noted("setup") == "°F"


async def test_whoever_only_looks_cannot_write(store: Store, made: Made) -> None:
    async with made.open(None) as looking:
        with pytest.raises(StoreError):
            await looking.append(line(1))
    assert await store.last_seq() == 0


async def test_a_closed_store_says_so(made: Made) -> None:
    async with made.open() as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        await store.last_seq()
    with pytest.raises(StoreError, match="closed"):
        await store.append(line(1))
    assert (await store.switch(NOW)).is_halted(NOW)


WRITER = """
    import asyncio, sys
    from tests.contract.store.test_store_contract import STORES, ORDER, TRADE, line
    from dataclasses import replace
    from pathlib import Path
    from kalshi_edge.domain.orders import Order
    from tests.support.builders import fill, intent

    async def write(name, folder):
        async with STORES[name](Path(folder)).open() as store:
            for seq in range(1, 100000):
                order = Order(intent(name=str(seq)))
                await store.add_order(order)
                trade = replace(TRADE, trade_id=str(seq))
                await store.append(line(seq, trade, order, events=(fill(order.intent, 1, "0.33"),)))
                print(seq, flush=True)

    asyncio.run(write(*sys.argv[1:]))
"""


@pytest.fixture
def writer(kind: str, tmp_path: Path) -> Iterator[tuple[Made, subprocess.Popen[str]]]:
    """A store and another process that writes to it and says each line that is safe."""
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), kind, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        cwd=root,
    )
    with process:
        yield STORES[kind](tmp_path), process
        process.kill()


def said(process: subprocess.Popen[str], lines: int) -> int:
    """The last of the next ``lines`` numbers that the writer says are safe."""
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(lines)][-1]


async def test_a_reader_sees_whole_lines_while_another_process_writes(
    writer: tuple[Made, subprocess.Popen[str]],
) -> None:
    made, process = writer
    said(process, 1)
    async with made.open(None) as reader:
        for _ in range(10):
            acknowledged = said(process, 5)
            seen = [one.seq for one in await reader.journal()]
            assert seen == list(range(1, len(seen) + 1))
            assert len(seen) >= acknowledged
            assert len(await reader.trades()) >= len(seen)


async def test_what_was_acknowledged_survives_the_death_of_the_writer(
    writer: tuple[Made, subprocess.Popen[str]],
) -> None:
    made, process = writer
    acknowledged = said(process, 40)
    process.send_signal(signal.SIGKILL)
    process.wait()
    async with made.open() as store:
        lines = await store.journal()
        assert [one.seq for one in lines] == list(range(1, len(lines) + 1))
        assert len(lines) >= acknowledged
        assert len(await store.trades()) == len(await store.fill_ids()) == len(lines)
        # an intent may be ahead of its line by one, never behind it
        assert len(await store.orders()) - len(lines) in {0, 1}
        await store.append(line(len(lines) + 1))


async def test_of_each_subject_the_newest_record_is_kept_and_the_journal_has_all(
    store: Store, made: Made
) -> None:
    chicago = replace(EMOS_RECORD, city="CHI")
    newer = replace(EMOS_RECORD, base_as_of=DAY + timedelta(days=1))
    await store.append(line(1, chicago, EMOS_RECORD, POOL_RECORD))
    await store.append(line(2, newer))
    assert list(await store.current(EmosRecord)) == [chicago, newer]
    assert list(await store.current(PoolRecord)) == [POOL_RECORD]
    kept = [one for entry in await store.journal(kinds=(EmosRecord,)) for one in entry.verdicts]
    assert kept == [chicago, EMOS_RECORD, newer]
