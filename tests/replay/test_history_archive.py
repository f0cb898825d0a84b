"""The real archive: what comes in, what stays out, and that nothing in it sees the future."""

import hashlib
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from kalshi_edge.data.history.archive import (
    MARKET_QUOTES,
    STATION_DAYS,
    TRADE_QUOTES,
    TRADE_VWAP,
)
from kalshi_edge.data.history.benchmarks import station_records, trade_averages
from kalshi_edge.data.history.coverage import coverage
from kalshi_edge.data.history.import_archive import QUOTE_SIZE, ImportReport, import_archive
from kalshi_edge.data.history.parity import verify_archive, verify_history
from kalshi_edge.data.history.records import cities_in, read_city, read_events
from kalshi_edge.data.kalshi.market_wire import parse_event_ticker
from kalshi_edge.data.weather.stations import by_icao, by_report, station_of
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast

CHI = station_of("CHI")
TWO_HYPHENS = (5233, 5234, 5235)
"""Rows of HIGHMIA--23MAY11, which is no ticker of a day."""

pytestmark = pytest.mark.shared


def digest(folder: Path) -> str:
    """A fingerprint of every file's name and bytes."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return whole.hexdigest()


def test_importing_again_changes_no_byte(
    archive: Path, imported: tuple[Path, ImportReport]
) -> None:
    folder, report = imported
    before = digest(folder)
    assert import_archive(archive, folder) == report
    assert digest(folder) == before


def test_every_bin_pays_as_the_exchange_paid(archive: Path) -> None:
    found = verify_archive(archive)
    quotes, trades = found[MARKET_QUOTES], found[TRADE_QUOTES]
    assert (quotes.agreed, quotes.differing) == (8465, ())
    # the one row whose strike type is "tail": it does not say which way T31 opens
    assert [str(outcome.ticker) for outcome in quotes.undecided] == ["HIGHCHI-24FEB28-T31"]
    assert trades.agreed == 5667
    assert trades.unsettled == 6287
    assert trades.share is not None
    assert trades.share > 0.998


def test_all_differences_are_one_miami_day_whose_high_was_revised(archive: Path) -> None:
    differing = verify_archive(archive)[TRADE_QUOTES].differing
    assert Counter(outcome.ticker for outcome in differing) == {
        "KXHIGHMIA-24NOV27-B80.5": 3,
        "KXHIGHMIA-24NOV27-T83": 3,
    }
    assert {(outcome.high_f, outcome.climate_day) for outcome in differing} == {
        (81, date(2024, 11, 27))
    }


def test_averages_and_station_records_are_held_against_what_was_settled(archive: Path) -> None:
    found = verify_archive(archive)
    averages, stations = found[TRADE_VWAP], found[STATION_DAYS]
    assert (averages.agreed, averages.differing, len(averages.undecided)) == (10368, (), 2)
    assert (stations.agreed, len(stations.undecided), stations.unsettled) == (2858, 42, 4441)
    assert {(one.ticker, one.high_f) for one in stations.differing} == {
        ("KXHIGHCHI-21OCT01", 86),
        ("KXHIGHCHI-22APR02", 45),
        ("KXHIGHCHI-23JAN04", 45),
        ("KXHIGHCHI-23MAR02", 38),
        ("KXHIGHMIA-24NOV27", 81),
    }


def test_the_history_says_the_same_as_the_archive(history: Path) -> None:
    parity = verify_history(history)
    assert (parity.agreed, parity.differing, parity.undecided) == (7491, (), ())


def test_nothing_is_received_before_it_is_true(history: Path) -> None:
    for city in cities_in(history):
        assert all(record.received_at >= record.valid_at for record in read_city(history, city))


def test_no_result_of_a_day_can_be_had_before_the_day_is_over(history: Path) -> None:
    seen: Counter[type] = Counter()
    for city in cities_in(history):
        for record in read_city(history, city):
            match record:
                case ClimateReport():
                    station = by_report(record.report)
                    day = record.climate_day
                case Settlement():
                    station, day = parse_event_ticker("-".join(record.ticker.split("-", 2)[:2]))
                case _:
                    continue
            assert record.received_at >= station.day_end(day)
            seen[type(record)] += 1
    assert seen == {ClimateReport: 6580, Settlement: 12739}


def test_forecasts_and_quotes_are_from_before_their_day_began(history: Path) -> None:
    seen: Counter[type] = Counter()
    for city in ("NYC", "CHI"):
        for record in read_city(history, city):
            match record:
                case Forecast():
                    station, day = by_icao(record.station), record.climate_day
                case Book():
                    station, day = parse_event_ticker("-".join(record.ticker.split("-", 2)[:2]))
                case _:
                    continue
            start_at = station.day_start(day)
            assert start_at - timedelta(hours=12) <= record.received_at <= start_at
            seen[type(record)] += 1
    assert seen == {Forecast: 12828, Book: 8442}


def test_every_ladder_is_known_before_its_first_book(history: Path) -> None:
    listed: set[str] = set()
    strangers: set[str] = set()
    for record in read_events(history, ["NYC", "CHI"], date(2022, 12, 1), date(2025, 1, 2)):
        match record:
            case Ladder():
                listed.update(market.ticker for market in record.markets)
            case Book() if record.ticker not in listed:
                strangers.add(record.ticker.split("-")[1])
    # only days whose ladder does not tile and is therefore not traded
    assert len(strangers) == 215


def test_what_stays_out_is_counted_and_named(imported: tuple[Path, ImportReport]) -> None:
    report = imported[1]
    assert len(report.unquoted) == 325
    assert report.crossed == ()
    assert len(report.untraded) == 215
    assert "HIGHCHI-24FEB28-T31: nothing says which way its bin opens" in report.untraded
    assert "HIGHCHI-22DEC28: nothing above 45–46°" in report.untraded
    assert not any(reason.startswith("HIGHNY") for reason in report.untraded)
    assert [left.where for left in report.left_out] == [
        f"trade_vwap.csv.gz, line {line}" for line in TWO_HYPHENS
    ]
    assert (report.repeated, report.minima) == (0, 2295)


def test_trade_averages_and_station_records_lie_beside_the_history(history: Path) -> None:
    averages = {city: len(list(trade_averages(history, city))) for city in cities_in(history)}
    assert averages == {
        "CHI": 3071, "DEN": 1240, "LA": 920, "LV": 0, "MIA": 2090, "NYC": 3049, "PHX": 0,
    }  # fmt: skip
    (first, *_) = trade_averages(history, "DEN")
    assert first.received_at == first.end_at > first.start_at
    assert [record for record in read_city(history, "DEN") if isinstance(record, Book)] == []
    chicago = {record.climate_day: record for record in station_records(history, "CHI")}
    odd = chicago[date(2023, 1, 4)]
    assert (odd.high_f, odd.settled_f) == (45, 46)
    assert odd.received_at > CHI.day_end(odd.climate_day) + timedelta(days=7)


def test_what_the_exchange_settled_on_stands_with_its_results(history: Path) -> None:
    settled = {
        record.ticker: record
        for record in read_city(history, "LA")
        if isinstance(record, Settlement)
    }
    one = settled["KXHIGHLAX-25MAY20-B76.5"]
    assert (one.value, one.high_f) == (0, 75)


def test_las_vegas_runs_are_known_from_their_capture_on(history: Path) -> None:
    runs = [record for record in read_city(history, "LV") if isinstance(record, Forecast)]
    assert Counter(run.model for run in runs) == {"NBP": 1791, "NBS": 491}
    first = runs[0]
    assert (first.run_at.hour, f"{first.received_at:%F %T}") == (1, "2026-05-09 03:07:38")
    assert dict(first.percentiles) == {10: 97, 25: 98, 50: 99, 75: 100, 90: 101}
    delays = [run.received_at - run.run_at for run in runs]
    assert min(delays) > timedelta(hours=1)


def test_a_book_is_never_deeper_than_what_was_ever_held(history: Path) -> None:
    books = {
        record.ticker: record for record in read_city(history, "NYC") if isinstance(record, Book)
    }
    # open interest 372, bid 0, ask 49 cents
    deep = books["HIGHNY-23JAN01-B50.5"]
    assert (deep.bids, [(str(a.price), a.count) for a in deep.asks]) == ((), [("0.49", QUOTE_SIZE)])
    # open interest 1: a single contract
    assert books["HIGHNY-23JAN02-B50.5"].asks[0].count == 1
    assert max(level.count for book in books.values() for level in book.asks) == QUOTE_SIZE


def test_strikes_below_zero_and_ladders_of_eight_are_read_as_they_are(history: Path) -> None:
    chicago = list(read_city(history, "CHI"))
    ladders = {record.event_ticker: record for record in chicago if isinstance(record, Ladder)}
    paid = {record.ticker: record.value for record in chicago if isinstance(record, Settlement)}
    assert len(ladders["HIGHCHI-23APR12"].markets) == 8
    # 23 December 2022: the high was −1 °F
    assert (paid["HIGHCHI-22DEC23-B-2.5"], paid["HIGHCHI-22DEC23-B-0.5"]) == (0, 1)


def test_coverage_names_what_is_missing(history: Path) -> None:
    found = {city.city: city for city in coverage(history)}
    assert set(found) == {"NYC", "CHI", "MIA", "LA", "LV", "PHX"}
    nyc = found["NYC"]
    assert (nyc.first_day, nyc.last_day, nyc.reports) == (
        date(2021, 2, 23),
        date(2024, 12, 31),
        1408,
    )
    assert dict(nyc.forecasts)["NBM"] == 1408
    assert nyc.without_ladder == (date(2023, 12, 24), date(2024, 10, 10))
    assert found["LA"].without_report == (date(2022, 4, 8),)
    assert (found["PHX"].ladders, found["PHX"].forecasts) == (0, ())


def test_the_nbm_is_known_by_its_version(history: Path) -> None:
    versions = {
        (record.version, record.run_at.year)
        for record in read_city(history, "NYC")
        if isinstance(record, Forecast) and record.model == "NBM"
    }
    assert versions == {
        ("4.0", 2021), ("4.0", 2022), ("4.0", 2023), ("4.1", 2023), ("4.1", 2024), ("4.2", 2024),
    }  # fmt: skip
