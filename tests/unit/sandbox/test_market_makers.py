"""The other traders: what they believe, that prices follow it, and that their books look real."""

import gzip
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from statistics import mean, median

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin, MarketStatus
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.models.scores import ranked_probability
from kalshi_sandbox.exchange.venue.beliefs import INFORMED, MAKER, Oracle, Quality, conditioned
from kalshi_sandbox.exchange.venue.exchange import new_exchange
from kalshi_sandbox.exchange.venue.listing import ladder_bins
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World
from tests.support.sandbox_builders import (
    BIN,
    OPEN_AT,
    TODAY,
    StillWeather,
    exchange,
    member,
    order,
)

NYC = station_of("NYC")
BINS = ladder_bins(53.0)
CITIES = ("NYC", "MIA", "LA")


class Jump(StillWeather):
    """A forecast that jumps at two in the afternoon, towards what will happen."""

    at = OPEN_AT + timedelta(hours=3)

    def outlook(self, _station, _day, at) -> Normal:
        return Normal(48.0 if at < self.at else 55.0, 2.0)

    def high_so_far_f(self, _station, _day, _at) -> None:
        return None


def mid(market) -> float:
    return float((market.bid or 0) + (1 if market.ask is None else market.ask)) / 2


# --- beliefs --------------------------------------------------------------------------------------


def test_what_has_been_measured_rules_out_everything_below() -> None:
    found = conditioned(Normal(53.0, 2.0), BINS, 54.2, 12.0)
    assert sum(found) == pytest.approx(1)
    assert [p > 0 for p in found] == [bin_.upper is None or bin_.upper >= 54 for bin_ in BINS]


def test_in_the_evening_the_highest_so_far_is_all_but_certain() -> None:
    found = conditioned(Normal(53.0, 2.0), BINS, 54.0, 21.0)
    assert found[BINS.index(Bin(54, 55))] > 0.99


def test_a_measurement_beyond_all_belief_is_still_believed() -> None:
    found = conditioned(Normal(53.0, 2.0), BINS, 200.0, 9.0)
    assert found[-1] == pytest.approx(1)


def world_nature(seed: int) -> WorldNature:
    world = World(seed)
    return WorldNature(world, Newsroom(world, Faults()))


def test_those_who_see_through_the_forecast_are_better_than_it_as_the_market_is() -> None:
    nature, days = world_nature(5), [date(2026, 1, 1) + timedelta(days=n) for n in range(360)]
    scores: dict[str, list[float]] = defaultdict(list)
    for day in days:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(hours=20)
        outlook, high_f = nature.outlook(NYC, day, at), nature.high_f(NYC, day)
        bins = ladder_bins(outlook.mu_f)
        winner = next(place for place, bin_ in enumerate(bins) if bin_.contains(high_f))
        beliefs = {
            "forecast": ladder_probabilities(outlook, bins),
            "maker": Oracle(nature, NYC, day, bins).probabilities(MAKER, 0.0, at),
            "informed": Oracle(nature, NYC, day, bins).probabilities(INFORMED, 0.0, at),
        }
        for who, found in beliefs.items():
            scores[who].append(ranked_probability(found, winner))
    forecast, maker, informed = (mean(scores[who]) for who in ("forecast", "maker", "informed"))
    assert informed < maker < forecast
    assert 0.6 < informed / forecast < 0.95


def test_a_belief_errs_by_its_stated_noise_and_no_more() -> None:
    oracle = Oracle(StillWeather(mu_f=53.0), NYC, date(2026, 11, 24), BINS)
    noisy = Quality(noise_f=2.0, insight=0.0)
    shifted = oracle.probabilities(noisy, 1.0, OPEN_AT)
    assert shifted == pytest.approx(ladder_probabilities(Normal(55.0, 2.5), BINS))


# --- prices ---------------------------------------------------------------------------------------


def test_prices_move_when_a_bulletin_comes() -> None:
    on, likely, winner = before_the_jump(actual_f=55)
    assert mid(likely) > mid(winner)
    before = mid(winner)
    on.venue.advance(Jump.at + timedelta(minutes=30))
    assert mid(winner) > before + 0.3
    assert mid(likely) < 0.1


def test_prices_lean_towards_the_truth_before_any_bulletin_says_it() -> None:
    _, _, pays = before_the_jump(actual_f=55)
    _, _, does_not_pay = before_the_jump(actual_f=48)
    assert mid(pays) > mid(does_not_pay) + 0.01


def before_the_jump(actual_f: int):
    """A minute before it: the exchange, the market of 48 °F and the market of 55 °F."""
    on = exchange(Jump(actual_f=actual_f), start_at=OPEN_AT - timedelta(hours=1), habits=Habits())
    markets = on.venue.events[TODAY].markets
    on.venue.advance(Jump.at - timedelta(minutes=1))
    return on, *(next(m for m in markets if m.bin.contains(high_f)) for high_f in (48, 55))


def trades_of(on, series: str):
    return [
        (trade.market.ticker, trade.at, trade.price, trade.count, trade.taker_side)
        for trade in on.venue.trades
        if trade.market.event.series.ticker == series
    ]


def lived(seed: int = 7, cities=("NYC",), orders=()):
    on = exchange(cities=cities, seed=seed, habits=Habits())
    for new in orders:
        on.desk.place(member(on, "100000"), new)
    on.venue.advance(OPEN_AT + timedelta(hours=2))
    return on


def test_the_same_seed_gives_the_same_fills_and_another_seed_others() -> None:
    first, second, other = lived(), lived(), lived(seed=8)
    ids = [[trade.trade_id for trade in on.venue.trades] for on in (first, second)]
    assert ids[0] == ids[1]
    assert trades_of(first, "KXHIGHNY") == trades_of(second, "KXHIGHNY")
    assert trades_of(first, "KXHIGHNY") != trades_of(other, "KXHIGHNY")


def test_what_is_done_to_one_ladder_leaves_the_others_alone() -> None:
    sweep = order("bid", "0.99", "20000", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
    plain, touched = lived(cities=CITIES), lived(cities=CITIES, orders=[sweep])
    assert trades_of(plain, "KXHIGHLAX") == trades_of(touched, "KXHIGHLAX") != []
    assert trades_of(plain, "KXHIGHNY") != trades_of(touched, "KXHIGHNY")


def test_buying_a_lot_moves_the_price_against_the_buyer() -> None:
    plain = lived()
    on = exchange(habits=Habits())
    buyer = member(on, "1000000")
    for _ in range(12):
        on.desk.place(
            buyer, order("bid", "0.60", "500", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        )
        on.venue.advance(on.venue.now + timedelta(minutes=10))
    assert mid(on.venue.market(BIN)) > mid(plain.venue.market(BIN))


def test_a_pause_is_a_pause_for_everybody() -> None:
    on = exchange(start_at=datetime(2026, 11, 26, 6, tzinfo=UTC), habits=Habits())
    on.venue.advance(datetime(2026, 11, 26, 12, tzinfo=UTC))
    hours = {trade.at.hour for trade in on.venue.trades}
    assert {6, 7, 10, 11} <= hours
    assert not {8, 9} & hours


# --- books ----------------------------------------------------------------------------------------


class Shape:
    """What a set of books looks like: one list of bids and asks (dollars, contracts) a market."""

    def __init__(self) -> None:
        self.spreads: list[float] = []
        self.asks: list[float] = []
        self.bids: list[float] = []
        self.levels: list[int] = []
        self.tops: list[float] = []
        self.sizes: list[float] = []
        self.one_sided = 0

    def add(self, ladder) -> None:
        for bids, asks in ladder:
            self.levels.append(len(bids) + len(asks))
            self.sizes += [size for _, size in (*bids, *asks)]
            if bids and asks:
                self.tops += [bids[0][1], asks[0][1]]
                if 0.1 < (bids[0][0] + asks[0][0]) / 2 < 0.9:
                    self.spreads.append(round(asks[0][0] - bids[0][0], 2))
            else:
                self.one_sided += 1
        if all(asks for _, asks in ladder):
            self.asks.append(sum(asks[0][0] for _, asks in ladder))
            self.bids.append(sum(bids[0][0] if bids else 0 for bids, _ in ladder))

    @property
    def fractional(self) -> float:
        return mean(size != int(size) for size in self.sizes)


@pytest.fixture(scope="module")
def real(shared) -> Shape:
    shape, ladders = Shape(), defaultdict(list)
    with gzip.open(shared / "data/kalshi/books_2026-07-16_22.jsonl.gz", "rt") as lines:
        for book in map(json.loads, lines):
            raw = book["raw_orderbook"]
            yes = [(float(p), float(c)) for p, c in reversed(raw["yes_dollars"])]
            no = [(1 - float(p), float(c)) for p, c in reversed(raw["no_dollars"])]
            ladders[book["capture_id"], book["ticker"].rsplit("-", 1)[0]].append((yes, no))
    for ladder in ladders.values():
        shape.add(ladder)
    return shape


@cache
def made_up() -> Shape:
    """Two days' books at the hours at which the real ones were captured."""
    on = new_exchange(
        world_nature(3),
        [station_of(city) for city in CITIES],
        datetime(2026, 7, 15, 16, tzinfo=UTC),
        seed=3,
        habits=Habits(),
    )
    shape = Shape()
    for day in (17, 18):
        for hour in (0, 1, 2, 3, 4, 7, 10, 13, 16):
            on.venue.advance(datetime(2026, 7, day, hour, 28, tzinfo=UTC))
            for event in on.venue.events.values():
                if event.markets[0].status is MarketStatus.ACTIVE:
                    shape.add([levels(market) for market in event.markets])
    return shape


def levels(market):
    bids, asks = (
        [(float(level.price), float(level.count)) for level in market.book.levels(side)]
        for side in (Side.BUY, Side.SELL)
    )
    return bids, asks


def test_spreads_and_sums_are_those_of_real_ladders(real) -> None:
    ours = made_up()
    assert median(ours.spreads) == median(real.spreads) == 0.01
    assert mean(ours.spreads) == pytest.approx(mean(real.spreads), abs=0.006)
    assert median(ours.asks) == pytest.approx(median(real.asks), abs=0.03)
    assert median(ours.bids) == pytest.approx(median(real.bids), abs=0.03)


def test_depth_and_sizes_are_those_of_real_books(real) -> None:
    ours = made_up()
    assert median(ours.levels) == pytest.approx(median(real.levels), rel=0.2)
    assert median(ours.sizes) == pytest.approx(median(real.sizes), rel=0.4)
    assert 0.5 < median(ours.tops) / median(real.tops) < 2
    assert ours.fractional == pytest.approx(real.fractional, abs=0.05)


def test_as_many_markets_have_one_side_only(real) -> None:
    ours = made_up()
    share = ours.one_sided / len(ours.levels)
    assert share == pytest.approx(real.one_sided / len(real.levels), abs=0.12)


def test_a_market_trades_thousands_of_contracts_in_its_first_seven_hours() -> None:
    on = exchange(start_at=OPEN_AT - timedelta(hours=1), habits=Habits())
    on.venue.advance(on.venue.events[TODAY].open_at + timedelta(days=1, hours=7))
    volumes = [market.volume for market in on.venue.events["KXHIGHNY-26NOV23"].markets]
    assert Decimal(3_000) < sum(volumes) < Decimal(60_000)
