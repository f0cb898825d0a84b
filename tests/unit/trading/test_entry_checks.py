"""Whether a ladder may be entered at all, before any of its bins is looked at."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Ladder, MarketStatus
from kalshi_edge.domain.records import SeriesTerms
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.trading.entry_checks import ladder_checks
from kalshi_edge.trading.playbook import Limits
from tests.support.builders import DAY, NOW, forecast, ladder

DAY_START = station_of("NYC").day_start(DAY)
LIMITS = Limits()
ACCEPTED = SeriesTerms("KXHIGHNY", "a-fingerprint", "The Weather Company", True, NOW)


def run(p50: float, at: datetime) -> Forecast:
    known = {10: p50 - 2.5632, 50: p50, 90: p50 + 2.5632}
    return forecast(known, run_at=at, received_at=at + timedelta(hours=1))


def told(
    whole: Ladder,
    at: datetime = NOW,
    *,
    mu_f: float = 54.0,
    reference: float | None = None,
    age_h: float = 2,
    reference_age_h: float = 2,
    terms: SeriesTerms | None = ACCEPTED,
    limits: Limits = LIMITS,
) -> dict[str, Check]:
    """The checks of a ladder whose forecast is of 54 °F, by name."""
    office_at = at - timedelta(hours=reference_age_h)
    checks = ladder_checks(
        whole,
        run(54.0, at - timedelta(hours=age_h)),
        mu_f=mu_f,
        reference=None if reference is None else run(reference, office_at),
        terms=terms,
        at=at,
        limits=limits,
    )
    return {check.rule: check for check in checks}


def test_an_ordinary_ladder_passes_every_check() -> None:
    assert all(check.passed for check in told(ladder(), DAY_START, reference=55.0).values())


@pytest.mark.parametrize("status", [s for s in MarketStatus if s is not MarketStatus.ACTIVE])
def test_a_ladder_is_traded_only_while_every_market_of_it_is_active(status: MarketStatus) -> None:
    whole = ladder()
    halted = replace(whole.markets[2], status=status)
    some = replace(whole, markets=(*whole.markets[:2], halted, *whole.markets[3:]))
    assert not told(some)["status"].passed


def test_another_shard_is_not_traded() -> None:
    assert not told(ladder(exchange_index=1))["shard"].passed


@pytest.mark.parametrize(
    ("minutes", "passes"), [(10, True), (9.99, False), (0, False), (-1, False), (60, True)]
)
def test_no_entry_within_ten_minutes_of_the_close(minutes: float, passes: bool) -> None:
    at = ladder().closes_at - timedelta(minutes=minutes)
    assert told(ladder(), at)["time_to_close"].passed is passes


@pytest.mark.parametrize(("hours", "passes"), [(-14, True), (10, True), (10.01, False)])
def test_no_entry_once_the_thermometer_knows_more(hours: float, passes: bool) -> None:
    at = DAY_START + timedelta(hours=hours)
    assert told(ladder(), at)["last_entry"].passed is passes


@pytest.mark.parametrize(
    ("terms", "passes"),
    [(ACCEPTED, True), (replace(ACCEPTED, accepted=False), False), (None, False)],
)
def test_rules_that_nobody_accepted_are_not_traded(terms: SeriesTerms | None, passes: bool) -> None:
    assert told(ladder(), terms=terms)["terms"].passed is passes


@pytest.mark.parametrize(("hours", "passes"), [(14, True), (14.01, False)])
def test_an_old_forecast_is_no_forecast(hours: float, passes: bool) -> None:
    assert told(ladder(), age_h=hours)["forecast_age"].passed is passes


@pytest.mark.parametrize(
    ("reference", "passes"),
    [(58.0, True), (50.0, True), (58.1, False), (49.9, False), (54.0, True), (None, True)],
)
def test_the_weather_office_must_agree_within_four_degrees(
    reference: float | None, passes: bool
) -> None:
    assert told(ladder(), reference=reference)["reference"].passed is passes


def test_the_reference_is_held_against_the_mean_that_is_traded() -> None:
    check = told(ladder(), mu_f=61.25, reference=54.0)["reference"]
    assert (check.passed, check.figure, check.limit) == (False, "7.2 °F", "≤ 4.0 °F")
    assert told(ladder(), mu_f=61.0, reference=61.0)["reference"].passed


@pytest.mark.parametrize(
    ("reference", "hours", "figure"),
    [(None, 2, "no NWS forecast"), (54.5, 15, "NWS forecast 15 h old"), (54.5, 14, "0.5 °F")],
)
@pytest.mark.parametrize("required", [False, True])
def test_a_missing_or_old_weather_office_keeps_the_city_out_where_it_is_required(
    reference: float | None, hours: float, figure: str, required: bool
) -> None:
    limits = replace(LIMITS, reference_required=required)
    check = told(ladder(), reference=reference, reference_age_h=hours, limits=limits)["reference"]
    assert check.figure == figure
    assert check.passed is (figure == "0.5 °F" or not required)
