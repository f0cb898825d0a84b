"""A past ladder as the exchange would have listed it, and when it would have paid.

What all ladders of a series share is read back from the exchange's own JSON: terms, ticks and fees
are to the letter those of the ladders to come, so that whoever goes on from the past sees no
changed rules.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from kalshi_edge.data.kalshi.market_wire import event_ticker, parse_ladder
from kalshi_edge.domain.market import Bin, Ladder, Market, MarketStatus
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.exchange.rest.wire_out import event_json, market_json, series_json
from kalshi_sandbox.exchange.venue.lifecycle import determining_time
from kalshi_sandbox.exchange.venue.listing import (
    SETTLEMENT_TIMER,
    ladder_bins,
    listed_at,
    new_event,
    new_series,
    opens_at,
    rules_text,
    strikes,
)
from kalshi_sandbox.exchange.venue.venue import Venue
from kalshi_sandbox.exchange.venue.weather_port import Nature


@dataclass(frozen=True, slots=True)
class Listing:
    """Where past ladders come from."""

    nature: Nature
    _pattern: dict[str, Ladder] = field(default_factory=dict)
    """A ladder of each series, as the exchange's JSON has it."""

    def ladder(self, station: Station, day: date) -> Ladder:
        """The ladder of ``day`` as it was when it opened."""
        at, opened_at, name = listed_at(day), opens_at(day), event_ticker(station, day)
        bins = ladder_bins(self.nature.outlook(station, day, at).mu_f)
        if station.series not in self._pattern:
            self._pattern[station.series] = listed(station, day, bins)
        pattern, series = self._pattern[station.series], new_series(station, at)
        first, close_at = pattern.markets[0], station.day_end(day)

        def market(bin_: Bin) -> Market:
            return replace(
                first,
                ticker=f"{name}-{strikes(bin_).suffix}",
                bin=bin_,
                open_at=opened_at,
                close_at=close_at,
                terms=replace(first.terms, rules_primary=rules_text(series, day, bin_)),
            )

        return replace(
            pattern,
            event_ticker=name,
            climate_day=day,
            markets=tuple(market(bin_) for bin_ in bins),
            received_at=opened_at,
        )


def listed(station: Station, day: date, bins: tuple[Bin, ...]) -> Ladder:
    """The ladder of ``day`` as our parser reads the exchange's answers when it has just opened."""
    at = listed_at(day)
    series = new_series(station, at)
    event = new_event(Venue(at), series, day, bins)
    for market in event.markets:
        market.status = MarketStatus.ACTIVE
    body = {**event_json(event), "markets": [market_json(market, at) for market in event.markets]}
    return parse_ladder(body, series_json(series), event.open_at)


def settled_at(released_at: datetime) -> datetime:
    """When a ladder pays whose deciding report was released at ``released_at``."""
    return determining_time(released_at) + SETTLEMENT_TIMER
