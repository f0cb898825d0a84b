"""A final climate report has a typing error that is corrected an hour later.

What is learnt from it must be unlearnt with the correction, so that the trader decides as if the
error had never been. And the check against the NWS forecast must look at the mean that is traded,
after calibration: a calibration that has gone wrong is what it is there to see.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.verdicts import Approved, CycleDone, Refused, Verdict
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.engine import Engine
from tests.cases.account_stories import AROUND_54, of, setup
from tests.support.builders import DAY, forecast, ladder, quotes

ERRORS_F = (1, -1, 2, -2, 0)
"""By how much the highs missed the forecast, over and over."""
FAIR_ASKS = {
    "T50": "0.06",
    "B50.5": "0.12",
    "B52.5": "0.32",
    "B54.5": "0.38",
    "B56.5": "0.20",
    "T57": "0.06",
}
"""What 54 ± 2 °F is worth: nothing to be had."""


def engine_after(days: int, last_high_f: int | None = None) -> Engine:
    """Has learnt from ``days`` reports; the last says ``last_high_f`` first, and is corrected."""
    engine = setup().fresh_engine()
    for number in range(days):
        day = DAY - timedelta(days=days - number)
        run_at = datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=4)
        engine.handle(forecast(AROUND_54, day=day, run_at=run_at, received_at=run_at))
        issued_at = run_at + timedelta(hours=36)
        right = ClimateReport(
            "CLINYC", day, 54 + ERRORS_F[number % 5], None, True, False, False, issued_at, issued_at
        )
        if last_high_f is None or number < days - 1:
            engine.handle(right)
            continue
        engine.handle(replace(right, high_f=last_high_f))
        again_at = issued_at + timedelta(hours=1)
        engine.handle(replace(right, is_corrected=True, received_at=again_at))
    return engine


def cycle(engine: Engine) -> list[Verdict]:
    """A morning's cycle where forecasts and market agree on 54 °F."""
    at = datetime.combine(DAY, time(14), tzinfo=UTC)
    run_at = at - timedelta(hours=3)
    for event in (
        replace(ladder(), received_at=at),
        forecast(AROUND_54, run_at=run_at, received_at=run_at),
        forecast({50: 54.0}, model="NWS", run_at=run_at, received_at=run_at),
        *(replace(one, valid_at=at, received_at=at) for one in quotes(FAIR_ASKS).values()),
    ):
        engine.handle(event)
    return list(engine.handle(CycleDue(at)))


def entries(verdicts: list[Verdict]) -> list[Any]:
    return [(i.ticker, i.count, i.limit_price) for a in of(Approved, verdicts) for i in a.intents]


def test_a_corrected_typing_error_changes_no_decision() -> None:
    assert entries(cycle(engine_after(30, last_high_f=94))) == entries(cycle(engine_after(30)))


def test_the_nws_forecast_is_held_against_the_mean_that_is_traded() -> None:
    engine = engine_after(0)
    engine.state.calibrations["NYC", "NBP", "5.0"] = Calibration(
        "NYC", "NBP", "5.0", bias_f=7.0, days=60
    )
    verdicts = cycle(engine)
    (done,) = of(CycleDone, verdicts)
    (city,) = done.cities
    checked = {
        check.rule: check
        for one in verdicts
        if isinstance(one, (Approved, Refused))
        for check in one.checks
    }
    assert abs(city.mu_f - city.reference_f) <= 4.0 or not checked["reference"].passed
