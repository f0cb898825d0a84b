"""What every model says at a cycle, and what becomes of the one that is traded."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.choices import ForecastModel
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.beliefs import EmosRecord, Lead, PoolRecord
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.verdicts import Approved, CityView, CycleDone, Opportunity, Refused, Verdict
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import DAY, forecast, ladder, quotes

SEED, EMOS, POSTERIOR = ForecastModel
NEW_YORK = station_of("NYC")
AT = NEW_YORK.day_start(DAY) + timedelta(minutes=30)
FAIR = {
    "T50": "0.07", "B50.5": "0.15", "B52.5": "0.30", "B54.5": "0.29", "B56.5": "0.17",
    "T57": "0.07",
}  # fmt: skip
"""Asks that leave nothing to be had for sure."""


def told(
    model: ForecastModel | None = SEED,
    asks: Mapping[str, str] = FAIR,
    spread_out: timedelta = timedelta(0),
    at: datetime = AT,
) -> Engine:
    """An engine with New York's ladder, two models' forecasts and its quotes, the last one late."""
    setup = Setup("paper", (NEW_YORK,), ("NBP",), Decimal(1000), Playbook(model=model))
    engine = setup.fresh_engine()
    engine.handle(replace(ladder(), received_at=at - timedelta(hours=9)))
    for name, mean_f in (("NBP", 54.0), ("GFSMOS", 56.0)):
        engine.handle(
            replace(
                forecast({50: mean_f}, model=name),
                run_at=at - timedelta(hours=8),
                received_at=at - timedelta(hours=7),
            )
        )
    books = list(quotes(asks).values())
    for number, one in enumerate(books):
        received_at = at - (spread_out if number == 0 else timedelta(0))
        engine.handle(replace(one, valid_at=received_at, received_at=received_at))
    return engine


def cycle(engine: Engine, at: datetime = AT) -> tuple[CityView, tuple[Verdict, ...]]:
    *verdicts, done = engine.handle(CycleDue(at))
    assert isinstance(done, CycleDone)
    (view,) = done.cities
    return view, tuple(verdicts)


def looked_at(verdicts: tuple[Verdict, ...]) -> list[Opportunity]:
    found = [v.subject for v in verdicts if isinstance(v, Refused)]
    found += [v.opportunity for v in verdicts if isinstance(v, Approved)]
    return [one for one in found if isinstance(one, Opportunity)]


@pytest.mark.parametrize("model", list(ForecastModel))
def test_every_model_says_its_word_and_the_one_that_is_set_is_traded(model: ForecastModel) -> None:
    view, verdicts = cycle(told(model))
    said = {one.model: one for one in view.models}
    assert list(said) == list(ForecastModel)
    assert view.fair == said[model].fair
    assert all(sum(one.fair) == pytest.approx(1.0) for one in view.models)
    # EMOS knows of the other model; the posterior begins as the market's own prices
    assert said[SEED].mu_f == 54.0
    assert said[EMOS].mu_f is not None
    assert 54.0 < said[EMOS].mu_f < 56.0
    assert said[POSTERIOR].fair == pytest.approx(view.mid, abs=2e-3)
    assert (view.lead, view.earned_weight, view.market_sharpening) == (Lead.NIGHT, 0.0, 0.0)
    fair = {leg.ticker: leg.fair for one in looked_at(verdicts) for leg in one.legs}
    assert sorted(fair.values()) == sorted(said[model].fair)


def test_quotes_of_different_instants_make_no_posterior_and_no_trade() -> None:
    view, verdicts = cycle(told(POSTERIOR, spread_out=timedelta(seconds=3)))
    assert view.incoherence == "quotes of different instants, 3 s apart"
    assert (view.mid, view.earned_weight, view.issued) == ((), None, None)
    assert not any(isinstance(one, Approved) for one in verdicts)
    refused = [one for one in verdicts if isinstance(one, Refused)]
    assert refused
    for one in refused:
        assert [c.figure for c in one.failures if c.rule == "coherent"] == [view.incoherence]


def test_prices_that_leave_money_on_the_table_are_no_evidence() -> None:
    cheap = {strike: str(Decimal(ask) - Decimal("0.04")) for strike, ask in FAIR.items()}
    view, _ = cycle(told(POSTERIOR, asks=cheap))
    assert view.incoherence.startswith("the asks sell $1 for")
    # whoever does not ask the market trades all the same
    view, verdicts = cycle(told(SEED, asks=cheap))
    assert not any(c.rule == "coherent" for one in looked_at(verdicts) for c in one.checks)


def test_what_was_said_is_told_once_and_the_first_ladder_teaches() -> None:
    engine = told()
    first, _ = cycle(engine)
    assert first.emos is not None
    assert first.issued is not None
    later, _ = cycle(engine, AT + timedelta(seconds=1))
    assert (later.emos, later.issued) == (None, None)
    end_at = NEW_YORK.day_end(DAY) + timedelta(hours=8)
    report = ClimateReport("CLINYC", DAY, 57, None, True, False, False, end_at, end_at)
    emos, pool = (v for v in engine.handle(report) if isinstance(v, EmosRecord | PoolRecord))
    assert isinstance(emos, EmosRecord)
    assert isinstance(pool, PoolRecord)
    assert emos.lessons == (first.emos.given.lesson(57),)
    assert pool.lessons == (first.issued.lesson(DAY, 57),)
    # the figure is corrected: both are as if the first had never been
    corrected = replace(report, high_f=53, is_corrected=True, received_at=end_at + timedelta(1))
    emos, pool = (v for v in engine.handle(corrected) if isinstance(v, EmosRecord | PoolRecord))
    assert [one.high_f for one in emos.lessons] == [53]
    assert pool.lessons == (first.issued.lesson(DAY, 53),)


def test_without_other_models_it_is_the_seed_alone_as_in_journals_from_before() -> None:
    view, _ = cycle(told(None))
    assert (view.models, view.lead, view.mid, view.emos) == ((), None, (), None)
    assert view.fair == cycle(told(SEED))[0].fair
