"""Longshots: NO of an open-ended bin that is bid for a few cents on the day before.

Buyers of unlikely outcomes are reported to overpay (favourite-longshot bias). A claim to be tested
on paper, with a cap of its own: it asks none of our probabilities.
"""

from datetime import timedelta

from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.verdicts import Check, Leg, Opportunity
from kalshi_edge.trading.edge import Gates, spread_check
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import LongshotRule
from kalshi_edge.units import ONE, span


def longshot_opportunities(outlook: Outlook, rule: LongshotRule) -> tuple[Opportunity, ...]:
    """NO of both open-ended bins of a ladder, with every gate's outcome."""
    ladder = outlook.ladder
    return tuple(
        Opportunity(
            Strategy.LONGSHOT,
            ladder.station.city,
            ladder.climate_day,
            (leg,),
            (_window_check(ladder, outlook, rule), *_bid_checks(leg, outlook.gates, rule)),
        )
        for leg in outlook.no_legs
        if not leg.bin.is_bounded
    )


def _window_check(ladder: Ladder, outlook: Outlook, rule: LongshotRule) -> Check:
    left = ladder.station.day_start(ladder.climate_day) - outlook.at
    is_inside = timedelta() < left <= rule.ahead
    return Check("day_before", is_inside, span(left), f"0 h to {span(rule.ahead)}")


def _bid_checks(leg: Leg, gates: Gates, rule: LongshotRule) -> tuple[Check, ...]:
    """Whether somebody bids a few cents for the bin, and offers it for not much more."""
    if leg.ask is None:
        return (Check("has_bid", False, f"{leg.bin}: none", "a bid"),)
    bid = ONE - leg.ask
    return (
        Check(
            "longshot_bid",
            rule.least_bid <= bid <= rule.most_bid,
            f"{leg.bin}: ${bid}",
            f"${rule.least_bid} to ${rule.most_bid}",
        ),
        spread_check(leg, gates),
    )
