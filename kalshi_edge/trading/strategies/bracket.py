"""Bracket opportunities: two adjacent bounded bins around the forecast, bought as one structure."""

from itertools import pairwise

from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.verdicts import Check, Leg, Opportunity
from kalshi_edge.trading.edge import Gates, ceiling_check, expected_value, quote_checks


def bracket_opportunities(
    ladder: Ladder, legs: tuple[Leg, ...], mu_f: float, gates: Gates
) -> tuple[Opportunity, ...]:
    """Adjacent bounded bins whose union holds ``mu_f`` °F, each pair with every gate's outcome."""
    return tuple(
        _judged(
            Opportunity(Strategy.BRACKET, ladder.station.city, ladder.climate_day, pair, ()), gates
        )
        for pair in pairwise(legs)
        if _surrounds(pair, mu_f)
    )


def _surrounds(pair: tuple[Leg, Leg], mu_f: float) -> bool:
    low, high = pair
    both_bounded = low.bin.is_bounded and high.bin.is_bounded
    return both_bounded and low.bin.edges_f[0] <= mu_f <= high.bin.edges_f[1]


def _judged(pair: Opportunity, gates: Gates) -> Opportunity:
    quotes = tuple(check for leg in pair.legs for check in quote_checks(leg, gates))
    return pair.with_checks((*quotes, *_edge_checks(pair, gates)))


def _edge_checks(pair: Opportunity, gates: Gates) -> tuple[Check, ...]:
    asks = [leg.ask for leg in pair.legs if leg.ask is not None]
    if len(asks) < len(pair.legs):
        return ()
    together = sum(leg.fair for leg in pair.legs)
    return (
        *(_leg_check(leg, gates) for leg in pair.legs),
        Check(
            "bracket_edge",
            pair.net_edge >= gates.min_bracket_edge,
            f"{pair.net_edge:+.3f}",
            f"≥ {gates.min_bracket_edge:.3f}",
        ),
        Check(
            "combined_probability",
            expected_value(together, *asks) > 0,
            f"{together:.3f}",
            f"> ${sum(asks)}",
        ),
        Check("ev", pair.ev > 0, f"{pair.ev:+.3f}", "> 0"),
        ceiling_check(pair.net_edge, gates),
    )


def _leg_check(leg: Leg, gates: Gates) -> Check:
    edge = float("-inf") if leg.net_edge is None else leg.net_edge
    return Check(
        "leg_edge", edge >= gates.min_edge, f"{leg.bin}: {edge:+.3f}", f"≥ {gates.min_edge:.3f}"
    )
