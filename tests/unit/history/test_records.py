"""Files of history: their order, their merging, and what is refused by file and line."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.data.history.coverage import coverage
from kalshi_edge.data.history.parity import verify_history
from kalshi_edge.data.history.records import Record, cities_in, merge_events, read_events
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import (
    Bin,
    Book,
    FeeRule,
    Ladder,
    Level,
    Market,
    MarketStatus,
    PriceRange,
    Terms,
)
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import Basis, ClimateReport, Forecast, Observation
from kalshi_edge.errors import HistoryError

DAY = date(2026, 9, 29)
AT = datetime(2026, 9, 28, 20, tzinfo=UTC)
NIGHT = datetime(2026, 9, 30, 11, tzinfo=UTC)
NYC = station_of("NYC")


def at(hours: float) -> datetime:
    return AT + timedelta(hours=hours)


def forecast(received_at: datetime = AT, mean_f: float = 70.0, station: str = "KNYC") -> Forecast:
    run_at = datetime(2026, 9, 28, 13, tzinfo=UTC)
    return Forecast(station, DAY, "NBM", "5.0", run_at, received_at, mean_f=mean_f)


def report(received_at: datetime = NIGHT, high_f: int | None = 71) -> ClimateReport:
    return ClimateReport("CLINYC", DAY, high_f, None, True, False, False, None, received_at)


def book(received_at: datetime = AT, bid: str = "0.30") -> Book:
    level = (Level(Decimal(bid), Decimal("12.5")),)
    return Book("KXHIGHNY-26SEP29-B70.5", level, (), received_at, received_at)


def ladder(received_at: datetime = AT) -> Ladder:
    bins = {"T70": Bin(None, 69), "B70.5": Bin(70, 71), "T71": Bin(72, None)}
    markets = tuple(
        Market(
            f"KXHIGHNY-26SEP29-{name}", bin_, MarketStatus.ACTIVE, None, NYC.day_end(DAY),
            (PriceRange(Decimal(0), Decimal(1), Decimal("0.01")),), Terms("TWC", "", "", "x"),
        )
        for name, bin_ in bins.items()
    )  # fmt: skip
    return Ladder("KXHIGHNY-26SEP29", "KXHIGHNY", NYC, DAY, markets, FeeRule(), received_at)


def settlements(*paid: int) -> list[Settlement]:
    names = ("T70", "B70.5", "T71")
    return [
        Settlement(f"KXHIGHNY-26SEP29-{name}", Decimal(value), None, at(40), at(40))
        for name, value in zip(names, paid, strict=False)
    ]


def observation() -> Observation:
    return Observation("KNYC", Basis.T_GROUP, at(1), at(1), 68, 68, at(1.1))


def everything(folder: Path, *cities: str) -> list[Record]:
    return list(read_events(folder, cities or ("NYC",), date(2026, 9, 1), date(2026, 10, 31)))


def test_what_was_put_in_comes_out_in_the_order_of_receipt(tmp_path: Path) -> None:
    given = [report(), observation(), book(), ladder(), forecast(), *settlements(0, 1, 0)]
    merge_events(tmp_path, given)
    assert everything(tmp_path) == [
        forecast(), ladder(), book(), observation(), report(),
        *sorted(settlements(0, 1, 0), key=lambda one: one.ticker),
    ]  # fmt: skip


def test_a_record_lies_with_its_city_in_the_month_of_its_receipt(tmp_path: Path) -> None:
    merge_events(tmp_path, [forecast(), report(datetime(2026, 10, 1, 11, tzinfo=UTC))])
    merge_events(tmp_path, [forecast(station="KLAX")])
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jsonl"))
    assert files == ["LA/2026-09.jsonl", "NYC/2026-09.jsonl", "NYC/2026-10.jsonl"]
    assert cities_in(tmp_path) == ("LA", "NYC")


def test_cities_are_merged_by_receipt(tmp_path: Path) -> None:
    given = [forecast(at(hours), station=s) for hours in range(6) for s in ("KNYC", "KLAX")]
    merge_events(tmp_path, given)
    received = [record.received_at for record in everything(tmp_path, "NYC", "LA")]
    assert received == sorted(record.received_at for record in given)


def test_a_record_seen_again_is_replaced_and_a_later_word_is_kept_beside_it(tmp_path: Path) -> None:
    merge_events(tmp_path, [book(bid="0.30"), book(at(1), "0.31")])
    merge_events(tmp_path, [book(bid="0.29")])
    bids = [record.bid for record in everything(tmp_path) if isinstance(record, Book)]
    assert bids == [Decimal("0.29"), Decimal("0.31")]


def test_days_of_receipt_are_both_included(tmp_path: Path) -> None:
    merge_events(tmp_path, [book(at(hours)) for hours in (-20.5, 0, 3.9, 4)])
    found = list(read_events(tmp_path, ["NYC"], date(2026, 9, 28), date(2026, 9, 28)))
    assert [record.received_at for record in found] == [at(0), at(3.9)]


def test_a_city_without_history_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="PHX"):
        everything(tmp_path, "PHX")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{not json", "not a record"),
        (b"", "not a record"),
        (to_json(CycleDue(AT), Event), "keeps no CycleDue"),
        (to_json(forecast(AT - timedelta(hours=9)), Event), "before it was true"),
        (to_json(report(NYC.day_end(DAY) - timedelta(minutes=1)), Event), "before that day ended"),
        (to_json(forecast(station="KLAX"), Event), "belongs into LA/2026-09.jsonl"),
        (to_json(book(NIGHT.replace(month=10)), Event), "belongs into NYC/2026-10.jsonl"),
        (to_json(book(at(-1)), Event), "does not come after"),
        (to_json(replace(book(), ticker="KXHIGHTOKYO-26SEP29-T70"), Event), "KXHIGHTOKYO"),
    ],
)
def test_a_bad_line_is_refused_by_file_and_line(tmp_path: Path, line: bytes, reason: str) -> None:
    merge_events(tmp_path, [forecast(), book()])
    path = tmp_path / "NYC/2026-09.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(HistoryError, match=rf"2026-09\.jsonl, line 3: .*{reason}"):
        everything(tmp_path)
    with pytest.raises(HistoryError, match="line 3"):
        merge_events(tmp_path, [observation()])


def test_what_sees_the_future_is_not_written(tmp_path: Path) -> None:
    early = report(NYC.day_end(DAY) - timedelta(hours=2))
    with pytest.raises(HistoryError, match="CLINYC 2026-09-29"):
        merge_events(tmp_path, [forecast(), early])
    assert not list(tmp_path.iterdir())


def test_a_station_is_the_tables_whatever_the_file_says_of_it(tmp_path: Path) -> None:
    moved = replace(NYC, latitude=0.0)
    merge_events(tmp_path, [replace(ladder(), station=moved)])
    (found,) = everything(tmp_path)
    assert isinstance(found, Ladder)
    assert found.station == NYC


@pytest.mark.parametrize(
    ("paid", "high_f", "counts"),
    [((0, 1, 0), 71, (3, 0, 0)), ((0, 0, 1), 71, (1, 2, 0)), ((0, 1, 0), None, (0, 0, 3))],
)
def test_parity_of_ones_own_recordings(
    tmp_path: Path, paid: tuple[int, ...], high_f: int | None, counts: tuple[int, ...]
) -> None:
    merge_events(tmp_path, [ladder(), report(high_f=high_f), *settlements(*paid)])
    parity = verify_history(tmp_path)
    assert (parity.agreed, len(parity.differing), len(parity.undecided)) == counts


def test_the_first_final_report_counts_and_an_unpaid_market_is_unsettled(tmp_path: Path) -> None:
    revised = report(NIGHT + timedelta(hours=3), high_f=75)
    merge_events(tmp_path, [ladder(), report(), revised, *settlements(0, 1)])
    parity = verify_history(tmp_path)
    assert (parity.agreed, parity.unsettled, parity.share) == (2, 1, 1.0)


def test_coverage_counts_climate_days(tmp_path: Path) -> None:
    later = replace(forecast(), climate_day=DAY + timedelta(days=2))
    merge_events(tmp_path, [forecast(), forecast(at(1)), later, ladder(), book(), report()])
    (nyc,) = coverage(tmp_path)
    assert (nyc.forecasts, nyc.reports, nyc.ladders, nyc.books) == ((("NBM", 2),), 1, 1, 1)
    assert nyc.without_report == (date(2026, 9, 30), date(2026, 10, 1))
