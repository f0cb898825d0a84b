"""What the engine knows of the world: the newest of every fact, and only what was there in time."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.events import AcknowledgeTerms
from kalshi_edge.domain.market import FeeRule, FeeType, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.records import Calibration, SeriesTerms
from kalshi_edge.domain.verdicts import Alarm, Check
from kalshi_edge.domain.weather import Basis, ClimateReport, Forecast, Observation
from kalshi_edge.trading.outlook import Outlook, city_view, ladder_outlook
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.state import BRIDGE, KEEP, REFERENCE, WorldState
from tests.support.builders import DAY, EVENT, NOW, TERMS, book, forecast, ladder

D = Decimal
NEW_YORK = station_of("NYC")
DAY_START = NEW_YORK.day_start(DAY)
EVENING_BEFORE = DAY_START - timedelta(hours=4)
MORNING_AFTER = NEW_YORK.day_end(DAY) + timedelta(hours=8)
PLAYBOOK = Playbook()
OTHER_TERMS = replace(TERMS, fingerprint="another-fingerprint")


def state(*models: str, **records: object) -> WorldState:
    return WorldState([NEW_YORK], models or ("NBP", "NBM"), **records)  # type: ignore[arg-type]


def nbp(p50: float = 54.0, at: datetime = EVENING_BEFORE, **changes: object) -> Forecast:
    """A forecast run at ``at`` and received an hour later."""
    known = {10: p50 - 2.5632, 50: p50, 90: p50 + 2.5632}
    return forecast(known, run_at=at, received_at=at + timedelta(hours=1), **changes)


def report(
    high_f: int | None = 56, at: datetime = MORNING_AFTER, **changes: object
) -> ClimateReport:
    whole = ClimateReport("CLINYC", DAY, high_f, 40, True, False, False, at, at)
    return replace(whole, **changes)


def mu_f(known: WorldState, at: datetime = NOW) -> float:
    seen = ladder_outlook(known, ladder(), at, PLAYBOOK)
    assert isinstance(seen, Outlook)
    return seen.distribution.mu_f


def checks(known: WorldState, whole: Ladder, at: datetime = NOW) -> dict[str, Check]:
    known.ladder(whole)
    seen = ladder_outlook(known, whole, at, PLAYBOOK)
    assert isinstance(seen, Outlook)
    return {check.rule: check for check in seen.checks}


# --- forecasts ------------------------------------------------------------------------------------


def test_the_newest_run_of_the_best_model_counts() -> None:
    known = state()
    known.forecast(nbp(60.0, model="NBM"))
    assert mu_f(known) == 60.0
    known.forecast(nbp(54.0))
    assert mu_f(known) == 54.0
    known.forecast(nbp(55.0, EVENING_BEFORE + timedelta(hours=6)))
    assert mu_f(known) == 55.0
    # an older run that comes late changes nothing, a corrected one of the same run does
    known.forecast(nbp(50.0, EVENING_BEFORE + timedelta(hours=1)))
    assert mu_f(known) == 55.0
    known.forecast(nbp(55.5, EVENING_BEFORE + timedelta(hours=6)))
    assert mu_f(known) == 55.5


def test_without_a_forecast_of_a_model_in_use_a_ladder_is_left_out() -> None:
    known = state("NBP")
    assert ladder_outlook(known, ladder(), NOW, PLAYBOOK) == "no forecast of NBP"
    known.forecast(nbp(model="NBM"))
    known.forecast(nbp(day=DAY + timedelta(days=1)))
    known.forecast(nbp(city="CHI"))
    assert ladder_outlook(known, ladder(), NOW, PLAYBOOK) == "no forecast of NBP"


@pytest.mark.parametrize("fee_type", [FeeType.FLAT, FeeType.UNKNOWN])
def test_a_fee_that_cannot_be_computed_is_not_traded(fee_type: FeeType) -> None:
    known = state()
    known.forecast(nbp())
    assert (
        ladder_outlook(known, ladder(fee_rule=FeeRule(fee_type)), NOW, PLAYBOOK)
        == f"fee type {fee_type}"
    )


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "figure"), [(14, "0.5 °F"), (15, "NWS forecast 15 h old")])
def test_an_old_reference_is_none(hours: float, figure: str) -> None:
    known = state()
    known.ladder(ladder())
    known.forecast(nbp(54.0))
    run_at = NOW - timedelta(hours=hours)
    known.forecast(replace(nbp(54.5, model=REFERENCE), run_at=run_at))
    for required in (False, True):
        seen = ladder_outlook(
            known, ladder(), NOW, Playbook(limits=Limits(reference_required=required))
        )
        assert isinstance(seen, Outlook)
        (check,) = [one for one in seen.checks if one.rule == "reference"]
        assert check.figure == figure
        assert check.passed is (hours <= 14 or not required)


def test_the_rules_first_seen_are_taken_and_stay() -> None:
    known = state()
    (record,) = known.ladder(ladder())
    assert isinstance(record, SeriesTerms)
    assert (record.series, record.source, record.accepted) == (NEW_YORK.series, TERMS.source, True)
    assert known.ladder(ladder()) == ()
    assert known.ladder(ladder(day=DAY + timedelta(days=1))) == ()


def test_changed_rules_stop_the_series_until_a_person_accepts_them() -> None:
    known = state()
    known.forecast(nbp())
    known.ladder(ladder())
    changed = ladder(terms=OTHER_TERMS)
    record, alarm = known.ladder(changed)
    assert isinstance(record, SeriesTerms)
    assert isinstance(alarm, Alarm)
    assert (record.accepted, alarm.name) == (False, "terms_changed")
    assert not checks(known, changed)["terms"].passed
    assert known.ladder(changed) == ()  # told once
    wrong = AcknowledgeTerms(NEW_YORK.series, "something else", NOW)
    assert known.acknowledge(wrong) is None
    assert known.acknowledge(AcknowledgeTerms("KXHIGHCHI", record.fingerprint, NOW)) is None
    assert not checks(known, changed)["terms"].passed
    accepted = known.acknowledge(AcknowledgeTerms(NEW_YORK.series, record.fingerprint, NOW))
    assert accepted is not None
    assert checks(known, changed)["terms"].passed


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [
        (FeeRule(multiplier=Decimal("1.00")), False),
        (FeeRule(multiplier=Decimal("1.5")), True),
        (FeeRule(FeeType.FLAT), True),
    ],
)
def test_changed_fees_stop_the_series_as_changed_rules_do(rule: FeeRule, is_told: bool) -> None:
    known = state()
    (first,) = known.ladder(ladder())
    later = known.ladder(ladder(fee_rule=rule, received_at=NOW + timedelta(hours=1)))
    assert [type(one).__name__ for one in later] == ["SeriesTerms", "Alarm"] * is_told
    assert known.terms[first.series].accepted is not is_told


def test_while_two_days_rules_differ_each_is_told_once_and_acceptance_holds() -> None:
    today, tomorrow = ladder(), ladder(day=DAY + timedelta(days=1), terms=OTHER_TERMS)
    known = state()
    known.forecast(nbp())
    known.ladder(today)
    record, _ = known.ladder(tomorrow)
    assert isinstance(record, SeriesTerms)
    assert [known.ladder(each) for each in (today, tomorrow, today)] == [(), (), ()]
    assert not checks(known, today)["terms"].passed
    known.acknowledge(AcknowledgeTerms(NEW_YORK.series, record.fingerprint, NOW))
    assert [known.ladder(each) for each in (today, tomorrow, today)] == [(), (), ()]
    assert checks(known, today)["terms"].passed
    # but a change of a ladder already seen is news again
    changed = ladder(terms=replace(TERMS, fingerprint="a third"))
    assert len(known.ladder(changed)) == 2
    assert not checks(known, changed)["terms"].passed


def test_rules_refused_before_a_restart_stay_refused() -> None:
    known = state()
    known.ladder(ladder())
    known.ladder(ladder(terms=OTHER_TERMS))
    again = state(terms=known.terms.values())
    assert again.ladder(ladder(terms=OTHER_TERMS)) == ()
    assert not again.terms[NEW_YORK.series].accepted


# --- learning -------------------------------------------------------------------------------------


def test_a_final_report_teaches_what_the_last_forecast_before_the_day_missed() -> None:
    known = state("NBP")
    known.forecast(nbp(54.0))
    known.forecast(nbp(55.0, EVENING_BEFORE + timedelta(hours=1)))
    # received after the day began: decisions before it could not rest on this one
    known.forecast(nbp(56.0, DAY_START + timedelta(minutes=1)))
    (record,) = known.report(report(56))
    assert isinstance(record, Calibration)
    # 56 − 55 = 1, one day of sixteen is believed
    assert (record.error_f, record.bias_f, record.days) == (1.0, 1 / 16, 1)
    assert (record.as_of, record.received_at) == (DAY, MORNING_AFTER)


def test_what_was_learnt_counts_at_once_and_not_before() -> None:
    known = state("NBP")
    known.forecast(nbp(54.0))
    tomorrow = DAY + timedelta(days=1)
    known.forecast(nbp(60.0, day=tomorrow))

    def next_mu_f() -> float:
        seen = ladder_outlook(known, ladder(day=tomorrow), MORNING_AFTER, PLAYBOOK)
        assert isinstance(seen, Outlook)
        return seen.distribution.mu_f

    assert next_mu_f() == 60.0
    known.report(report(58))
    assert next_mu_f() == 60.0 + 4 / 16


@pytest.mark.parametrize(
    "useless",
    [
        report(is_final=False),
        report(None),
        report(report="CLIMDW"),
        report(report="CLINOWHERE"),
    ],
)
def test_a_floor_a_gap_or_another_place_is_no_result(useless: ClimateReport) -> None:
    known = state("NBP")
    known.forecast(nbp())
    assert known.report(useless) == ()
    assert known.calibrations == {}
    assert len(known.report(report())) == 1


def test_a_report_asked_for_again_says_nothing_new_and_a_corrected_one_is_learned_instead() -> None:
    known, once = state("NBP"), state("NBP")
    for one in (known, once):
        one.forecast(nbp())
    known.report(report(59))
    assert known.report(report(59, received_at=MORNING_AFTER + timedelta(hours=1))) == ()
    later = MORNING_AFTER + timedelta(hours=6)
    corrected = report(56, is_corrected=True, received_at=later)
    (record,) = known.report(corrected)
    assert record == once.report(corrected)[0]
    assert isinstance(record, Calibration)
    assert (record.days, record.error_f, record.received_at) == (1, 2.0, later)


def test_each_model_and_each_version_learns_for_itself() -> None:
    known = state("NBP", "NBM")
    known.forecast(nbp(54.0))
    known.forecast(nbp(50.0, model="NBM"))
    both = known.report(report(56))
    assert [(c.model, c.error_f) for c in both if isinstance(c, Calibration)] == [
        ("NBP", 2.0),
        ("NBM", 6.0),
    ]
    newer = nbp(60.0, day=DAY + timedelta(days=1), version="5.1")
    assert known.calibration(NEW_YORK, newer).days == 0
    assert known.calibration(NEW_YORK, replace(newer, version="5.0")).days == 1


def test_an_earlier_day_reported_late_is_learned_in_its_place() -> None:
    yesterday = DAY - timedelta(days=1)
    late, on_time = state("NBP"), state("NBP")
    for known in (late, on_time):
        known.forecast(nbp(55.0, EVENING_BEFORE - timedelta(days=1), day=yesterday))
        known.forecast(nbp(54.0))
    for one in (report(56), report(52, climate_day=yesterday)):
        late.report(one)
    for one in (report(52, climate_day=yesterday), report(56)):
        on_time.report(one)
    assert late.calibrations == on_time.calibrations
    assert late.calibrations["NYC", "NBP", "5.0"].days == 2


def test_calibrations_of_an_earlier_life_are_applied() -> None:
    learnt = Calibration("NYC", "NBP", "5.0", bias_f=1.5, days=40, as_of=DAY - timedelta(days=1))
    known = state("NBP", calibrations=[replace(learnt, bias_f=9.0, days=39), learnt])
    known.forecast(nbp(54.0))
    assert mu_f(known) == 55.5


# --- settlement against the report ----------------------------------------------------------------


def settlement(strike: str, value: str) -> Settlement:
    return Settlement(f"{EVENT}-{strike}", D(value), None, MORNING_AFTER, MORNING_AFTER)


@pytest.mark.parametrize(
    ("strike", "value", "alarms"),
    [
        ("B56.5", "1", 0),
        ("B56.5", "0", 1),
        ("B54.5", "0", 0),
        ("B54.5", "1", 1),
        ("B56.5", "0.5", 1),
    ],
)
def test_a_settlement_that_differs_from_the_report_raises_an_alarm_whichever_comes_first(
    strike: str, value: str, alarms: int
) -> None:
    for report_first in (True, False):
        known = state("NBP")
        known.ladder(ladder())
        steps = [lambda k=known: k.report(report(56)),
                 lambda k=known: k.settlement(settlement(strike, value))]  # fmt: skip
        found = [v for step in (steps if report_first else steps[::-1]) for v in step()]
        assert len(found) == alarms
        assert all(isinstance(v, Alarm) and v.name == "settlement_differs" for v in found)


def test_a_settlement_without_a_report_says_nothing() -> None:
    known = state("NBP")
    known.ladder(ladder())
    assert known.settlement(settlement("B56.5", "0")) == ()
    assert known.settlement(Settlement("NOBODY", D(1), None, NOW, NOW)) == ()


# --- books and memory -----------------------------------------------------------------------------


def test_a_book_after_the_close_does_not_replace_the_last_one_before() -> None:
    known = state()
    known.ladder(ladder())
    close_at = ladder().markets[0].close_at
    before = book(f"{EVENT}-B52.5", at=close_at - timedelta(seconds=1))
    known.book(before)
    known.book(book(f"{EVENT}-B52.5", bids=[], asks=[], at=close_at))
    assert known.books[before.ticker] == before


def test_what_is_long_over_is_forgotten_and_today_is_not() -> None:
    known = state("NBP")
    for day in (DAY, DAY + timedelta(days=1)):
        whole = ladder(day=day)
        known.ladder(whole)
        known.forecast(nbp(day=day))
        for market in whole.markets:
            known.book(book(market.ticker))
    known.forget(NOW + KEEP + timedelta(days=1))
    assert [one.climate_day for one in known.ladders.values()] == [DAY + timedelta(days=1)]
    assert len(known.books) == 6
    assert known.best_forecast(NEW_YORK, DAY) is None
    assert known.best_forecast(NEW_YORK, DAY + timedelta(days=1)) is not None


def test_what_was_recalled_is_known_and_nothing_follows_from_it_twice() -> None:
    facts = [
        ladder(),
        ladder(day=DAY + timedelta(days=1), terms=OTHER_TERMS),
        nbp(54.0),
        nbp(60.0, day=DAY + timedelta(days=1)),
        book(f"{EVENT}-B52.5"),
        settlement("B52.5", "0"),
    ]
    known = state("NBP")
    for fact in (*facts, report(56)):
        match fact:
            case Ladder():
                known.ladder(fact)
            case ClimateReport():
                known.report(fact)
            case Settlement():
                known.settlement(fact)
            case _:
                known.recall(fact)
    again = state("NBP", calibrations=known.calibrations.values(), terms=known.terms.values())
    for fact in (*facts, report(56)):
        again.recall(fact)
    assert vars(again) == vars(known)
    assert again.report(report(56)) == ()
    half = state("NBP", terms=known.terms.values())
    for fact in facts:
        half.recall(fact)
    assert half.report(report(56))[0] == known.calibrations["NYC", "NBP", "5.0"]


def test_a_view_says_what_was_seen() -> None:
    known = state("NBP")
    known.forecast(nbp(54.0))
    known.forecast(nbp(55.0, model=REFERENCE))
    known.book(book(f"{EVENT}-B52.5", [("0.20", 5)], [("0.24", 5)]))
    seen = ladder_outlook(known, ladder(), NOW, PLAYBOOK)
    assert isinstance(seen, Outlook)
    view = city_view(known, seen)
    assert (view.city, view.mu_f, view.reference_f, view.model) == ("NYC", 54.0, 55.0, "NBP")
    assert view.sigma_f == pytest.approx(2.0)
    assert sum(view.fair) == pytest.approx(1.0)
    assert view.market == (None, None, 0.22, None, None, None)


# --- the day in progress --------------------------------------------------------------------------


def bridge(point_f: float, day: date = DAY, hours: float = 8.2) -> Forecast:
    at = NEW_YORK.day_start(day) + timedelta(hours=hours)
    return Forecast("KNYC", day, BRIDGE, "5.0", at, at, mean_f=point_f, sd_f=2.0)


def test_a_newer_bridge_takes_the_place_of_what_is_no_better_known() -> None:
    known = state("NBP")
    known.forecast(nbp(54.0, NEW_YORK.day_start(DAY) + timedelta(hours=2)))
    known.forecast(bridge(57.0))
    best = known.best_forecast(NEW_YORK, DAY)
    assert best is not None
    assert best.model == BRIDGE
    learned = Calibration("NYC", "NBP", "5.0", days=3)
    known.calibrations["NYC", "NBP", "5.0"] = learned
    best = known.best_forecast(NEW_YORK, DAY)
    assert best is not None
    assert best.model == "NBP"
    known.calibrations["NYC", BRIDGE, "5.0"] = replace(learned, model=BRIDGE)
    best = known.best_forecast(NEW_YORK, DAY)
    assert best is not None
    assert best.model == BRIDGE


@pytest.mark.parametrize(("hours", "teaches"), [(8.2, True), (13.0, False)])
def test_a_bridge_teaches_only_if_it_came_before_the_peak(hours: float, teaches: bool) -> None:
    known = state("NBP")
    known.forecast(bridge(57.0, hours=hours))
    end_at = NEW_YORK.day_end(DAY)
    report = ClimateReport("CLINYC", DAY, 58, 40, True, False, False, end_at, end_at)
    learned = [v for v in known.report(report) if isinstance(v, Calibration)]
    assert [record.model for record in learned] == ([BRIDGE] if teaches else [])


def test_a_cycle_of_the_afternoon_sees_what_was_read() -> None:
    known = state("NBP")
    known.forecast(nbp(54.0))
    at = NEW_YORK.day_start(DAY) + timedelta(hours=15)
    for hour, degrees in ((13, 56), (14, 56), (15, 55)):
        moment = NEW_YORK.day_start(DAY) + timedelta(hours=hour)
        known.observation(
            Observation("KNYC", Basis.T_GROUP, moment, moment, degrees, degrees, moment)
        )
    seen = ladder_outlook(known, ladder(), at, PLAYBOOK)
    assert isinstance(seen, Outlook)
    view = city_view(known, seen)
    assert view.observed_floor_f == 56
    assert sum(view.fair) == pytest.approx(1.0)
    won = next(i for i, bin_ in enumerate(view.bins) if bin_.contains(56))
    assert max(view.fair[:won]) < 0.03
    assert view.fair[won] > 0.5


def test_an_intermediate_report_is_a_floor_and_teaches_nothing() -> None:
    known, at = state("NBP"), NEW_YORK.day_start(DAY) + timedelta(hours=16)
    known.forecast(nbp(54.0))
    assert known.report(ClimateReport("CLINYC", DAY, 57, 40, False, False, False, at, at)) == ()
    assert known.evidence(NEW_YORK, DAY).floor_f() == 57
    again = state("NBP")
    again.recall(ClimateReport("CLINYC", DAY, 57, 40, False, False, False, at, at))
    assert again.evidence(NEW_YORK, DAY).floor_f() == 57
    again.forget(at + timedelta(days=6))
    assert again.evidence(NEW_YORK, DAY).floor_f() is None
