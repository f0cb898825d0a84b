"""The sandbox's past: the same for a seed, one world with what is lived, and no better than it."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from kalshi_edge.data.history.origin import is_synthetic
from kalshi_edge.data.history.parity import verify_history
from kalshi_edge.data.history.records import merge_events, read_city
from kalshi_edge.data.weather.stations import STATIONS, station_of
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.errors import HistoryError
from kalshi_edge.trading.edge import quoted_mid
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.lifecycle import weekly_pause
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.past.hours import quoted_at
from kalshi_sandbox.past.ladders import listed
from kalshi_sandbox.past.past import Past, Stretch, write_past
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.models import PointModel, point_forecast, seen_at
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import World

NYC = station_of("NYC")
CITIES = ("NYC", "MIA", "LA")
LAST = date(2027, 4, 11)
YEAR = 365


def days(count: int, last: date = LAST) -> list[date]:
    return [last - timedelta(days=back) for back in reversed(range(count))]


def of(kind: type, records: list) -> list:
    return [record for record in records if isinstance(record, kind)]


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def lived(start_at: datetime, until_at: datetime, habits: Habits | None = None) -> Exchange:
    """The exchange of seed 1, lived through minute by minute."""
    world = World(1)
    nature = WorldNature(world, Newsroom(world, Faults()))
    stations = [station_of(city) for city in CITIES]
    exchange = new_exchange(nature, stations, start_at, seed=1, habits=habits)
    exchange.venue.advance(until_at)
    return exchange


# --- the same for a seed --------------------------------------------------------------------------


def test_the_same_seed_has_the_same_past_to_the_byte_in_whatever_stretches(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    write_past(whole, 1, Stretch(CITIES, date(2027, 3, 20), LAST))
    write_past(parts, 1, Stretch(CITIES, date(2027, 4, 3), LAST))
    write_past(parts, 1, Stretch(CITIES[::-1], date(2027, 3, 20), date(2027, 4, 5)))
    assert content(parts) == content(whole)
    other = tmp_path / "other"
    write_past(other, 2, Stretch(CITIES, date(2027, 3, 20), LAST))
    assert content(other)["NYC/2027-04.jsonl"] != content(whole)["NYC/2027-04.jsonl"]


def test_a_past_says_that_it_is_made_up_and_is_read_as_any_history(tmp_path: Path) -> None:
    count = write_past(tmp_path, 1, Stretch(("NYC",), LAST - timedelta(days=30), LAST))
    assert is_synthetic(tmp_path)
    assert len(list(read_city(tmp_path, "NYC"))) == count
    parity = verify_history(tmp_path)
    assert (parity.agreed, parity.differing, parity.unsettled) == (31 * 6, (), 0)


def test_pasts_of_two_seeds_and_other_histories_never_mix(tmp_path: Path) -> None:
    stretch = Stretch(("NYC",), LAST, LAST)
    write_past(tmp_path / "one", 1, stretch)
    with pytest.raises(HistoryError, match="another world"):
        write_past(tmp_path / "one", 2, stretch)
    report = Past(World(1)).report(NYC, LAST)
    merge_events(tmp_path / "real", report)
    with pytest.raises(HistoryError, match="a folder of its own"):
        write_past(tmp_path / "real", 1, stretch)
    assert not is_synthetic(tmp_path / "real")


def test_days_before_may_have_their_climate_reports_only(tmp_path: Path) -> None:
    write_past(tmp_path, 1, Stretch(("NYC",), LAST, LAST, reports_before=400))
    records = list(read_city(tmp_path, "NYC"))
    assert len({record.climate_day for record in of(ClimateReport, records)}) == 401
    assert {record.climate_day for record in of(Forecast, records)} == {LAST}


# --- one world ------------------------------------------------------------------------------------


def test_every_city_of_the_table_has_whole_days() -> None:
    past = Past(World(3))
    for station in STATIONS:
        records = past.day(station, LAST)
        (ladder,) = of(Ladder, records)
        books = of(Book, records)
        assert [book.received_at for book in books[::6]] == list(quoted_at(LAST))
        assert {book.ticker for book in books} == {market.ticker for market in ladder.markets}
        assert sum(settled.value for settled in of(Settlement, records)) == 1
        floor, final = of(ClimateReport, records)
        assert final.high_f == past.world.high_f(station, LAST) >= floor.high_f
        assert final.low_f == past.world.low_f(station, LAST)
        for seen in of(Observation, records):
            assert seen.high_f <= final.high_f


def test_a_ladder_is_to_the_letter_what_the_exchange_lists() -> None:
    past = Past(World(1))
    for station in STATIONS:
        for day in (date(2026, 1, 1), date(2026, 7, 4), date(2028, 2, 29)):
            (ladder,) = of(Ladder, past.day(station, day))
            bins = tuple(market.bin for market in ladder.markets)
            assert ladder == listed(station, day, bins)


def test_an_exchange_that_is_lived_through_lists_and_pays_the_same() -> None:
    start_at = datetime(2027, 4, 6, 12, tzinfo=UTC)
    exchange = lived(start_at, datetime(2027, 4, 12, 20, tzinfo=UTC))
    past = Past(exchange.season.nature.world)
    for city in CITIES:
        station = station_of(city)
        for day in days(6):
            records = past.day(station, day)
            (ladder,) = of(Ladder, records)
            event = exchange.venue.events[ladder.event_ticker]
            assert [m.ticker for m in event.markets] == [m.ticker for m in ladder.markets]
            assert (event.open_at, event.close_at) == (
                ladder.received_at,
                ladder.markets[0].close_at,
            )
            for market, settled in zip(event.markets, of(Settlement, records), strict=True):
                assert (market.value, market.settled_at) == (settled.value, settled.valid_at)


def test_its_quotes_are_those_that_a_lived_maker_had_but_for_flow() -> None:
    day = date(2027, 4, 11)
    start_at = datetime(2027, 4, 10, 9, tzinfo=UTC)
    exchange = lived(start_at, start_at + timedelta(hours=1), Habits())
    past = Past(World(1))
    differences = []
    books = [book for city in CITIES for book in of(Book, past.day(station_of(city), day))]
    for at in quoted_at(day)[:3]:
        exchange.venue.advance(at)
        for book in (book for book in books if book.received_at == at):
            market = exchange.venue.market(book.ticker)
            ours, theirs = (quoted_mid(one.bid, one.ask) for one in (book, market))
            differences.append(ours - theirs)
    assert len(differences) == 3 * 6 * len(CITIES)
    assert np.std(differences) < 0.02
    assert np.max(np.abs(differences)) < 0.07


def test_every_model_of_the_world_speaks_and_only_what_was_out_is_known() -> None:
    past = Past(World(1))
    found = of(Forecast, past.day(NYC, LAST))
    assert {forecast.model for forecast in found} == {*Model, *PointModel, "NWS"}
    for model in Model:
        for forecast in (one for one in found if one.model == model.value):
            assert forecast == past.world.forecast(model, NYC, LAST, forecast.run_at)
    for point_model in PointModel:
        for forecast in (one for one in found if one.model == point_model):
            assert forecast == point_forecast(past.world, point_model, NYC, LAST, forecast.run_at)
            assert forecast.received_at == seen_at(past.world, point_model, forecast.run_at)
    runs = {
        name: [one.run_at.hour for one in found if one.model == name]
        for name in {*Model, *PointModel}
    }
    assert runs["NBP"] == [12, 13, 19, 0, 1, 7]
    assert len(runs["GFSMOS"]) == 4, "one every six hours"
    assert len(runs["LAMP"]) == 3, "from the night on: its 25 hours reach no further"


def test_a_model_that_the_trader_does_not_know_has_its_newest_runs(monkeypatch) -> None:
    monkeypatch.setattr("kalshi_sandbox.past.forecasts.ASKED_FOR", {})
    past = Past(World(1))
    found = of(Forecast, past.day(NYC, LAST))
    for at in quoted_at(LAST):
        newest = max(one.run_at for one in found if one.model == "NBS" and one.received_at <= at)
        assert at - timedelta(hours=3) < newest <= at - timedelta(hours=1)


def test_nothing_is_quoted_in_the_weekly_pause() -> None:
    for day in days(370):
        for at in quoted_at(day):
            start, end = weekly_pause(at)
            assert not start <= at < end


# --- statistics -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year() -> list:
    """A year of New York and Miami."""
    past = Past(World(1))
    cities = (station_of("NYC"), station_of("MIA"))
    return [record for day in days(YEAR) for city in cities for record in past.day(city, day)]


def test_days_remember_the_day_before_as_the_world_does(year: list) -> None:
    finals = [one for one in of(ClimateReport, year) if one.is_final and one.report == "CLINYC"]
    world = World(1)
    anomalies = [one.high_f - world.normals(NYC, one.climate_day).high_f for one in finals]
    # The day after the past is the world's, and so is the weather that it comes from.
    following = world.high_f(NYC, LAST + timedelta(days=1))
    anomalies.append(following - world.normals(NYC, LAST + timedelta(days=1)).high_f)
    memory = np.corrcoef(anomalies[:-1], anomalies[1:])[0, 1]
    assert 0.4 < memory < 0.75


def test_prices_are_right_on_average_and_better_than_the_forecast(year: list) -> None:
    paid = {one.ticker: float(one.value) for one in of(Settlement, year)}
    midnight = [one for one in of(Book, year) if one.received_at.time() == time(5)]
    mids = np.array([quoted_mid(one.bid, one.ask) for one in midnight])
    came = np.array([paid[one.ticker] for one in midnight])
    assert len(mids) == 2 * 6 * YEAR
    assert abs(np.mean(came - mids)) < 0.01
    for low, high in ((0.05, 0.2), (0.2, 0.4), (0.4, 0.7)):
        chosen = (mids >= low) & (mids < high)
        assert abs(np.mean(came[chosen] - mids[chosen])) < 0.05
    brier = np.mean((mids - came) ** 2)
    assert brier < 0.9 * np.mean((1 / 6 - came) ** 2)


def test_spread_and_size_are_those_of_real_books(year: list) -> None:
    books = of(Book, year)
    spreads = [float(one.ask - one.bid) for one in books if one.bids and one.asks]
    assert np.median(spreads) == pytest.approx(0.01)
    assert np.mean(spreads) < 0.02
    tops = [float(one.bids[0].count) for one in books if one.bids]
    assert 24 < np.median(tops) < 36
    sums = defaultdict(float)
    for one in books:
        if one.received_at.time() == time(5):
            sums[one.ticker.rsplit("-", 1)[0]] += float(one.ask or 1)
    assert 1.03 < np.mean(list(sums.values())) < 1.11
