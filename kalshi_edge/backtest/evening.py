"""What the market knew the evening before: average prices of twelve hours' trades as a forecast.

It is never a fill: nobody could have had it, it smears the news of the afternoon, and a ladder's
averages sum to about 1.08, so they are divided by their sum. Held against it is our forecast at the
start of the climate day, which in an archive of 12Z runs is that of the evening.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np

from kalshi_edge.backtest.estimates import calendar, estimate
from kalshi_edge.data.history.archive import HALF
from kalshi_edge.data.history.benchmarks import TradeAverage
from kalshi_edge.data.history.import_archive import event_of
from kalshi_edge.data.kalshi.market_wire import parse_event_ticker
from kalshi_edge.domain.market import Bin
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.models.scores import brier_per_bin, log_score
from kalshi_edge.units import ONE

EVERYWHERE = "all"


@dataclass(frozen=True, slots=True)
class AverageLadder:
    """The trade averages of all bins of a ladder, lowest bin first, and which bin won."""

    city: str
    climate_day: date
    bins: tuple[Bin, ...]
    market: tuple[float, ...]
    """Averages divided by their sum."""
    total: float
    """Their sum, dollars."""
    won: int


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """How good the averages were as a forecast; lower is better."""

    n: int
    """Ladders of which every bin was traded and one was paid."""
    left_out: int
    """Ladders with averages that were not."""
    total: float
    """Mean sum of a ladder's averages, dollars."""
    log: float
    """Mean, nats a ladder."""
    brier_per_bin: float


@dataclass(frozen=True, slots=True)
class EveningFigures:
    """A model beside the averages on the same ladders; lower is better."""

    n: int
    days: int
    log: float
    log_market: float
    difference: float
    """Nats a ladder; below 0 the model is better."""
    interval: tuple[float, float] | None
    """95 % by day blocks."""
    brier_per_bin: float
    brier_per_bin_market: float


@dataclass(frozen=True, slots=True)
class Evening:
    """By city, ``all`` among them: the market alone, and each model where there are forecasts."""

    market: Mapping[str, MarketFigures]
    models: Mapping[str, Mapping[str, EveningFigures]]
    left_out: Mapping[str, int]
    """Ladders left out, by reason."""


def average_ladders(
    averages: Iterable[TradeAverage], paid: Mapping[str, Decimal]
) -> tuple[tuple[AverageLadder, ...], Counter[tuple[str, str]]]:
    """The ladders that can be scored, and how many of a city cannot, by the reason.

    ``paid`` has what the exchange paid by ticker, dollars.
    """
    events: dict[str, dict[str, float]] = defaultdict(dict)
    for one in averages:
        events[event_of(one.ticker)][one.ticker] = float(one.price)
    found: list[AverageLadder] = []
    left_out: Counter[tuple[str, str]] = Counter()
    for event_ticker, prices in sorted(events.items()):
        station, day = parse_event_ticker(event_ticker)
        bins = bins_of(prices)
        ordered = sorted(bins, key=lambda ticker: bins[ticker].edges_f)
        won = [i for i, ticker in enumerate(ordered) if paid.get(ticker) == ONE]
        if len(bins) < len(prices) or not _tile([bins[ticker] for ticker in ordered]):
            left_out[station.city, "not every bin was traded"] += 1
        elif len(won) != 1:
            left_out[station.city, "not one bin was paid"] += 1
        else:
            total = sum(prices.values())
            market = tuple(prices[ticker] / total for ticker in ordered)
            some = tuple(bins[ticker] for ticker in ordered)
            found.append(AverageLadder(station.city, day, some, market, total, won[0]))
    return tuple(found), left_out


def bins_of(tickers: Iterable[str]) -> dict[str, Bin]:
    """The bins of one ladder's tickers, without those of which it cannot be said.

    ``B50.5`` holds 50 and 51. ``T57`` is above 57 where the others lie below it, and below it where
    they lie above.

    >>> found = bins_of(["A-24MAR01-T50", "A-24MAR01-B50.5", "A-24MAR01-B52.5", "A-24MAR01-T53"])
    >>> [str(bin_) for bin_ in found.values()]
    ['50–51°', '52–53°', '≤49°', '≥54°']
    """
    strikes = {ticker: ticker.split("-", 2)[2] for ticker in tickers}
    found: dict[str, Bin] = {}
    for ticker, strike in strikes.items():
        if strike.startswith("B"):
            middle = Decimal(strike[1:])
            found[ticker] = Bin(int(middle - HALF), int(middle + HALF))
    inner = [bin_.edges_f for bin_ in found.values()]
    for ticker, strike in strikes.items():
        if strike.startswith("T") and inner:
            degrees_f = int(Decimal(strike[1:]))
            if degrees_f <= min(low for low, _ in inner) + 0.5:
                found[ticker] = Bin(None, degrees_f - 1)
            elif degrees_f >= max(high for _, high in inner) - 0.5:
                found[ticker] = Bin(degrees_f + 1, None)
    return found


def evening(
    averages: Iterable[TradeAverage],
    paid: Mapping[str, Decimal],
    forecasts: Mapping[tuple[str, date], Mapping[str, Normal]],
    seed: int,
) -> Evening:
    """The averages as a forecast, and each of ``forecasts`` (by city and day) beside them."""
    ladders, left_out = average_ladders(averages, paid)
    cities = sorted({one.city for one in ladders} | {city for city, _ in left_out})
    groups = {city: [one for one in ladders if one.city == city] for city in cities}
    if len(cities) > 1:
        groups[EVERYWHERE] = list(ladders)
    out: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for (city, reason), n in left_out.items():
        out.update({city: n, EVERYWHERE: n})
        reasons[reason] += n
    return Evening(
        market={city: _market(some, out[city]) for city, some in groups.items() if some},
        models={
            city: found
            for city, some in groups.items()
            if (found := _by_model(some, forecasts, seed))
        },
        left_out=reasons,
    )


def _tile(bins: Sequence[Bin]) -> bool:
    if not bins or bins[0].lower is not None or bins[-1].upper is not None:
        return False
    return all(
        below.upper is not None and below.upper + 1 == above.lower
        for below, above in pairwise(bins)
    )


def _market(ladders: Sequence[AverageLadder], left_out: int) -> MarketFigures:
    return MarketFigures(
        n=len(ladders),
        left_out=left_out,
        total=float(np.mean([one.total for one in ladders])),
        log=float(np.mean([log_score(one.market[one.won]) for one in ladders])),
        brier_per_bin=brier_per_bin([(one.market, one.won) for one in ladders]),
    )


def _by_model(
    ladders: Sequence[AverageLadder],
    forecasts: Mapping[tuple[str, date], Mapping[str, Normal]],
    seed: int,
) -> dict[str, EveningFigures]:
    pairs: dict[str, list[tuple[AverageLadder, tuple[float, ...]]]] = defaultdict(list)
    for one in ladders:
        for model, said in forecasts.get((one.city, one.climate_day), {}).items():
            pairs[model].append((one, ladder_probabilities(said, one.bins)))
    return {model: _figures(some, seed) for model, some in sorted(pairs.items())}


def _figures(pairs: Sequence[tuple[AverageLadder, tuple[float, ...]]], seed: int) -> EveningFigures:
    logs = [log_score(said[one.won]) for one, said in pairs]
    market = [log_score(one.market[one.won]) for one, _ in pairs]
    days = [one.climate_day for one, _ in pairs]
    cases = ((day, our - its, 1.0) for day, our, its in zip(days, logs, market, strict=True))
    found = estimate(cases, calendar(days), seed)
    assert found is not None  # there is at least one ladder
    return EveningFigures(
        n=len(pairs),
        days=found.days,
        log=float(np.mean(logs)),
        log_market=float(np.mean(market)),
        difference=found.mean,
        interval=None if found.low is None or found.high is None else (found.low, found.high),
        brier_per_bin=brier_per_bin([(said, one.won) for one, said in pairs]),
        brier_per_bin_market=brier_per_bin([(one.market, one.won) for one, _ in pairs]),
    )
