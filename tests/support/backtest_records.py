"""Backtest records made by hand: a few days of two cities, or a whole invented climate."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from kalshi_edge.backtest.run import Record, Request
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin, FeeRule
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.domain.verdicts import CityView, Leg, Opportunity
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.trading.fees import model_fee
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import event_ticker

FIRST = date(2024, 3, 1)
BINS = (Bin(None, 49), Bin(50, 51), Bin(52, 53), Bin(54, None))


def record(
    *,
    cities: tuple[str, ...] = ("NYC", "CHI"),
    first_day: date = FIRST,
    last_day: date | None = None,
    trades: Iterable[Trade] = (),
    days: Iterable[DailyRecord] = (),
    views: Iterable[CityView] = (),
    opportunities: Iterable[Opportunity] = (),
    highs: Mapping[tuple[str, date], int] | None = None,
    refusals: Mapping[str, int] | None = None,
    skipped: Iterable[str] = (),
) -> Record:
    """A record of a request that starts with a thousand dollars."""
    request = Request(
        history=Path("history"),
        cities=cities,
        first_day=first_day,
        last_day=last_day or first_day + timedelta(days=60),
        playbook=Playbook(),
        models=("NBM",),
    )
    found = Record(request)
    found.trades.update({trade.trade_id: trade for trade in trades})
    found.days.extend(days)
    found.views.update({(view.city, view.climate_day): view for view in views})
    found.priced.update(
        {(one.strategy, tuple(leg.ticker for leg in one.legs)): one for one in opportunities}
    )
    found.highs.update(highs or {})
    found.refusals.update(refusals or {})
    found.skipped.update(skipped)
    return found


def trade(
    name: str,
    *,
    paid: str,
    received: str,
    fees: str = "0",
    count: int = 10,
    city: str = "NYC",
    day: date = FIRST,
    strategy: Strategy = Strategy.SINGLE,
    **changes: Any,
) -> Trade:
    """A trade held to the end of its climate day."""
    whole: dict[str, Any] = {
        "fair": 0.4,
        "edge": 0.07,
        "open_count": Decimal(0),
        "closed_at": datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC),
    }
    return Trade(
        trade_id=name,
        mode="backtest",
        strategy=strategy,
        ticker=f"{event_ticker(city, day)}-{name}",
        city=city,
        climate_day=day,
        opened_at=station_of(city).day_start(day),
        count=Decimal(count),
        paid=Decimal(paid),
        received=Decimal(received),
        fees=Decimal(fees),
        **{**whole, **changes},
    )


def day_record(day: date, closing: str, *, halts: int = 0) -> DailyRecord:
    """A day of the account that matters only for its end."""
    closing_balance = Decimal(closing)
    return DailyRecord(
        day=day,
        mode="backtest",
        opening_balance=closing_balance,
        closing_balance=closing_balance,
        realised=Decimal(0),
        fees=Decimal(0),
        wins=0,
        losses=0,
        halts=halts,
    )


def view(
    day: date,
    market: Iterable[float | None],
    *,
    city: str = "NYC",
    bins: tuple[Bin, ...] = BINS,
    mu_f: float = 52.0,
    sigma_f: float = 2.0,
    **changes: Any,
) -> CityView:
    """What a cycle saw of a ladder; the model believes Normal(``mu_f``, ``sigma_f``)."""
    whole: dict[str, Any] = {
        "city": city,
        "climate_day": day,
        "event_ticker": event_ticker(city, day),
        "model": "NBM",
        "run_at": datetime.combine(day - timedelta(days=1), datetime.min.time(), UTC)
        + timedelta(hours=12),
        "point_f": mu_f,
        "mu_f": mu_f,
        "sigma_f": sigma_f,
        "bias_f": 0.0,
        "sigma_scale": 1.0,
        "reference_f": None,
        "bins": bins,
        "fair": ladder_probabilities(Normal(mu_f, sigma_f), bins),
        "market": tuple(market),
    }
    return CityView(**{**whole, **changes})


def opportunity(
    day: date,
    bin_: Bin,
    fair: float,
    bid: str | None,
    ask: str,
    *,
    city: str = "NYC",
    gate_fee: float = 0.0,
    strategy: Strategy = Strategy.SINGLE,
) -> Opportunity:
    """One bin with an ask; its expected value uses the exchange's fee."""
    price = Decimal(ask)
    raw_edge = fair - float(price)
    fee = float(model_fee(price, Decimal(1), FeeRule(), is_taker=True))
    leg = Leg(
        ticker=f"{event_ticker(city, day)}-{bin_}",
        bin=bin_,
        fair=fair,
        bid=None if bid is None else Decimal(bid),
        ask=price,
        raw_edge=raw_edge,
        net_edge=raw_edge - gate_fee,
        ev=raw_edge - fee,
    )
    return Opportunity(strategy, city, day, (leg,), ())


def invented_climate(
    days: int, *, seed: int, model_error_f: float = 2.0, market_error_f: float = 2.0
) -> Record:
    """New York days whose model is true to its word: each high is drawn from its distribution.

    The market believes the same with its own error on top, and quotes a cent around its belief.
    """
    generator = np.random.default_rng(seed)
    found = record(cities=("NYC",), last_day=FIRST + timedelta(days=days))
    for i in range(-3 * 365, days):
        day = FIRST + timedelta(days=i)
        season_f = 60.0 - 20.0 * np.cos(2 * np.pi * day.timetuple().tm_yday / 365)
        mu_f = float(season_f + generator.normal(0, 6))
        high_f = round(generator.normal(mu_f, model_error_f))
        found.highs["NYC", day] = high_f
        if i >= 0:
            _quote(found, day, mu_f, model_error_f, float(generator.normal(0, market_error_f)))
    return found


def _quote(found: Record, day: date, mu_f: float, sigma_f: float, error_f: float) -> None:
    low = 2 * round(mu_f / 2) - 4
    middle = tuple(Bin(low + 2 * i, low + 2 * i + 1) for i in range(4))
    bins = (Bin(None, low - 1), *middle, Bin(low + 8, None))
    belief = ladder_probabilities(Normal(mu_f + error_f, sigma_f), bins)
    cents = [min(max(round(100 * p), 2), 98) for p in belief]
    found.views["NYC", day] = view(
        day, [c / 100 for c in cents], bins=bins, mu_f=mu_f, sigma_f=sigma_f
    )
    fair = ladder_probabilities(Normal(mu_f, sigma_f), bins)
    for bin_, p, c in zip(bins, fair, cents, strict=True):
        bid, ask = Decimal(c - 1) / 100, Decimal(c + 1) / 100
        one = opportunity(day, bin_, p, str(bid), str(ask))
        found.priced[(one.legs[0].ticker,)] = one
