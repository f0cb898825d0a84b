"""Looking ahead is impossible: what comes after an instant changes no decision before it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.backtest.run import Request, events, play
from kalshi_edge.data.history.import_archive import import_archive
from kalshi_edge.data.weather.stations import by_report
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.verdicts import Approved, CycleDone, Refused, Verdict
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.trading.playbook import Playbook

FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2023, 1, 31)
Events = Sequence[Event]


@pytest.fixture(scope="module")
def wanted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Request:
    folder = tmp_path_factory.mktemp("history")
    import_archive(shared / "data" / "history", folder)
    return Request(folder, ("NYC", "CHI"), FIRST_DAY, LAST_DAY, Playbook(), ("NBM", "GFSMOS"))


@pytest.fixture(scope="module")
def recorded(wanted: Request) -> Events:
    return tuple(events(wanted))


@pytest.fixture(scope="module")
def decide(wanted: Request, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Events], Events]:
    def decided(given: Events) -> list[tuple[datetime, Verdict]]:
        path = tmp_path_factory.mktemp("store") / "journal.db"
        asyncio.run(play(wanted, given, store_path=path))
        store = SqliteStore(path, None)
        lines = asyncio.run(store.journal())
        asyncio.run(store.close())
        return [
            (line.received_at, verdict)
            for line in lines
            for verdict in line.verdicts
            if isinstance(verdict, Approved | Refused | CycleDone)
        ]

    return decided


def before(decided: Iterable[tuple[datetime, Verdict]], at: datetime) -> list[Verdict]:
    return [verdict for decided_at, verdict in decided if decided_at <= at]


def cut(given: Events, at: datetime) -> Events:
    return tuple(event for event in given if event.received_at <= at)


def peeking(given: Events) -> Events:
    """A leak on purpose: every forecast is the high that the day will turn out to have."""
    highs = {
        (by_report(event.report).icao, event.climate_day): event.high_f
        for event in given
        if isinstance(event, ClimateReport) and event.high_f is not None
    }
    return tuple(
        replace(event, mean_f=float(highs[event.station, event.climate_day]))
        if isinstance(event, Forecast) and (event.station, event.climate_day) in highs
        else event
        for event in given
    )


def test_cutting_off_the_future_changes_no_decision_of_the_past(recorded, decide) -> None:
    whole = decide(recorded)
    assert len(before(whole, datetime(2023, 1, 20, tzinfo=UTC))) > 100

    @settings(max_examples=6)
    @given(st.integers(0, (LAST_DAY - FIRST_DAY).days * 24))
    def nothing_before_changes(hours: int) -> None:
        at = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        assert before(decide(cut(recorded, at)), at) == before(whole, at)

    nothing_before_changes()


def test_a_leak_planted_on_purpose_is_seen(recorded, decide) -> None:
    whole = decide(peeking(recorded))
    at = datetime(2023, 1, 20, 5, tzinfo=UTC)
    assert before(decide(peeking(cut(recorded, at))), at) != before(whole, at)
