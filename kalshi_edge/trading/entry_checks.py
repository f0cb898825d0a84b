"""Whether a ladder may be entered at all: what must hold before any of its bins is looked at."""

from datetime import datetime

from kalshi_edge.domain.market import Ladder, MarketStatus
from kalshi_edge.domain.records import SeriesTerms
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.units import span


def ladder_checks(
    ladder: Ladder,
    forecast: Forecast,
    *,
    mu_f: float,
    reference: Forecast | None,
    terms: SeriesTerms | None,
    at: datetime,
    limits: Limits,
) -> tuple[Check, ...]:
    """Every check of a ladder at ``at``.

    ``mu_f`` is the mean that is traded, °F, and ``reference`` what it must agree with.
    """
    statuses = {market.status for market in ladder.markets}
    shards = {market.exchange_index for market in ladder.markets}
    age, since_start = at - forecast.run_at, at - ladder.station.day_start(ladder.climate_day)
    left = ladder.closes_at - at
    accepted = terms is not None and terms.accepted
    return (
        Check("status", statuses == {MarketStatus.ACTIVE}, ", ".join(sorted(statuses)), "active"),
        Check("shard", shards == {0}, str(max(shards)), "0"),
        Check(
            "time_to_close",
            left >= limits.close_margin,
            span(left),
            f"≥ {span(limits.close_margin)}",
        ),
        Check(
            "last_entry",
            since_start <= limits.last_entry,
            span(since_start),
            f"≤ {span(limits.last_entry)}",
        ),
        Check("terms", accepted, "accepted" if accepted else "changed", "accepted"),
        Check(
            "forecast_age",
            age <= limits.max_forecast_age,
            span(age),
            f"≤ {span(limits.max_forecast_age)}",
        ),
        _reference_check(mu_f, reference, at, limits),
    )


def _reference_check(
    mu_f: float, reference: Forecast | None, at: datetime, limits: Limits
) -> Check:
    """Whether the weather service's own forecast agrees with the mean that is traded.

    A calibration that has gone wrong shows here too. One as old as no run may be is none.
    """
    limit = f"≤ {limits.max_reference_gap_f:.1f} °F"
    if reference is None:
        return Check("reference", not limits.reference_required, "no NWS forecast", limit)
    age = at - reference.run_at
    if age > limits.max_forecast_age:
        figure = f"NWS forecast {span(age)} old"
        return Check("reference", not limits.reference_required, figure, limit)
    gap_f = abs(mu_f - reference.point_f)
    return Check("reference", gap_f <= limits.max_reference_gap_f, f"{gap_f:.1f} °F", limit)
