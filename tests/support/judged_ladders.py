"""Judged ladders made by hand: what was said of them, and which bin won."""

from dataclasses import replace
from datetime import date

from kalshi_edge.backtest.walk_forward import JudgedLadder
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.market import Bin
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.models.pool import FRESH, posterior
from kalshi_edge.models.quoted import LadderQuotes
from tests.support.backtest_records import FIRST


def judged_ladder(
    mid: tuple[float, ...],
    *,
    won: int,
    posterior_says: tuple[float, ...] | None = None,
    city: str = "NYC",
    day: date = FIRST,
    high_f: float = 52.0,
) -> JudgedLadder:
    """A ladder at midnight, quoted at ``mid`` without a spread; ours is Normal(``high_f``, 2)."""
    inner = [Bin(50 + 2 * i, 51 + 2 * i) for i in range(len(mid) - 2)]
    bins = (Bin(None, 49), *inner, Bin(50 + 2 * len(inner), None))
    quotes, own = LadderQuotes(mid, mid), Normal(high_f, 2.0)
    said = posterior(FRESH, quotes.mid, ladder_probabilities(own, bins), 0)
    if posterior_says is not None:
        said = replace(said, probabilities=posterior_says)
    return JudgedLadder(
        city=city,
        climate_day=day,
        at=station_of(city).day_start(day),
        lead=Lead.NIGHT,
        bins=bins,
        quotes=quotes,
        quotes_age_h=0.0,
        own=own,
        posterior=said,
        won=won,
    )
