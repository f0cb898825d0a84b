"""History is a set of records: how they got in leaves no trace in the files."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.history.records import Record, merge_events, read_events
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.market import Book, Level
from kalshi_edge.domain.weather import ClimateReport, Forecast

START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 90 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
delays = st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes))
stations = st.sampled_from(STATIONS[:4])


@st.composite
def forecasts(draw: st.DrawFn) -> Forecast:
    run_at = draw(moments)
    return Forecast(
        station=draw(stations).icao,
        climate_day=run_at.date() + timedelta(days=1),
        model=draw(st.sampled_from(["NBM", "RAP"])),
        version="5.0",
        run_at=run_at,
        received_at=run_at + draw(delays),
        mean_f=draw(st.floats(-40, 120)),
    )


@st.composite
def books(draw: st.DrawFn) -> Book:
    valid_at = draw(moments)
    price = Decimal(draw(st.integers(1, 99))) / 100
    count = Decimal(draw(st.integers(1, 10_000))) / 100
    return Book(
        f"{draw(stations).series}-26JAN01-B50.5", (Level(price, count),), (), valid_at,
        valid_at + draw(delays),
    )  # fmt: skip


@st.composite
def reports(draw: st.DrawFn) -> ClimateReport:
    station, received_at = draw(stations), draw(moments)
    day = station.climate_day(received_at) - timedelta(days=draw(st.integers(1, 3)))
    return ClimateReport(
        station.report, day, draw(st.integers(-40, 120)), None, True, False, False, None,
        received_at,
    )  # fmt: skip


records = st.lists(st.one_of(forecasts(), books(), reports()), max_size=25)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.jsonl")}


@given(records, st.randoms(use_true_random=False), st.integers(0, 25))
def test_neither_order_nor_parts_nor_repeats_leave_a_trace(
    given_: list[Record], random: object, cut: int
) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        unique = list({repr(record): record for record in given_}.values())
        merge_events(Path(one), unique)
        kept = everything(Path(one)) if unique else []
        random.shuffle(kept)  # type: ignore[attr-defined]
        merge_events(Path(two), kept[:cut])
        merge_events(Path(two), kept[cut:])
        merge_events(Path(two), kept)
        assert contents(Path(one)) == contents(Path(two))


def everything(folder: Path) -> list[Record]:
    cities = sorted(path.name for path in folder.iterdir())
    return list(read_events(folder, cities, date(2025, 12, 1), date(2026, 12, 31)))


@given(records.filter(bool))
def test_what_is_read_was_written_and_comes_in_the_order_of_receipt(given_: list[Record]) -> None:
    with TemporaryDirectory() as name:
        merge_events(Path(name), given_)
        found = everything(Path(name))
    assert all(record in given_ for record in found)
    received = [record.received_at for record in found]
    assert received == sorted(received)
    assert {record.received_at for record in given_} == set(received)


@given(records.filter(bool), st.integers(-1, 95))
def test_a_replay_up_to_a_day_has_seen_nothing_after_it(given_: list[Record], days: int) -> None:
    last = date(2026, 1, 1) + timedelta(days=days)
    with TemporaryDirectory() as name:
        folder = Path(name)
        merge_events(folder, given_)
        cities = sorted(path.name for path in folder.iterdir())
        found = list(read_events(folder, cities, date(2025, 12, 1), last))
    assert all(record.received_at.date() <= last for record in found)
    assert all(record.valid_at.date() <= last for record in found)
