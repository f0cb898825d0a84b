"""When a final report is believed, what waits for a second witness, and what is unlearned."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.verdicts import Alarm, Verdict
from kalshi_edge.domain.weather import Basis, ClimateReport, Observation
from kalshi_edge.engine import Engine
from kalshi_edge.learning.calibrating import DOUBTED_Z, SLIP_F
from kalshi_edge.learning.results import MEMORY_OF_RESULTS
from kalshi_edge.models.calibration import LESSONS_KEPT
from kalshi_edge.runtime.resumption import MEMORY, resumed_engine
from tests.cases.account_stories import AROUND_54, of, setup, written
from tests.support.builders import DAY, event_ticker, forecast, ladder

HOUR = timedelta(hours=1)
STATION = setup().stations[0]


def evening_before(day: date) -> datetime:
    return STATION.day_start(day) - timedelta(hours=8)


def morning_after(day: date) -> datetime:
    return STATION.day_end(day) + timedelta(hours=2)


def engine_before(day: date = DAY, *, days: int = 1) -> Engine:
    """Has a ladder and a forecast of 54 ± 2 °F for ``day`` and those after it."""
    engine = setup().fresh_engine()
    for number in range(days):
        tell_of(engine, day + timedelta(days=number))
    return engine


def tell_of(engine: Engine, day: date) -> None:
    at = evening_before(day)
    engine.handle(replace(ladder(day=day), received_at=at))
    engine.handle(forecast(AROUND_54, day=day, run_at=at, received_at=at))


def final(
    high_f: int | None, day: date = DAY, hours: float = 0, **changes: object
) -> ClimateReport:
    at = morning_after(day) + hours * HOUR
    whole = ClimateReport("CLINYC", day, high_f, 40, True, False, False, at, at)
    return replace(whole, **changes)  # type: ignore[arg-type]


def paid(strike: str, value: str = "1", day: date = DAY, hours: float = 8) -> Settlement:
    at = morning_after(day) + hours * HOUR
    return Settlement(f"{event_ticker('NYC', day)}-{strike}", Decimal(value), None, at, at)


def read(high_f: int, day: date = DAY) -> Observation:
    at = STATION.day_start(day) + timedelta(hours=15)
    return Observation("KNYC", Basis.T_GROUP, at, at, high_f, high_f, at)


def learned(engine: Engine) -> Calibration | None:
    return engine.state.calibrations.get(("NYC", "NBP", "5.0"))


def days_learned(engine: Engine) -> int:
    known = learned(engine)
    return 0 if known is None else known.days


def news(verdicts: tuple[Verdict, ...]) -> list[Calibration | Alarm]:
    """Without the daily record with which a UTC day ends."""
    return [one for one in verdicts if isinstance(one, Calibration | Alarm)]


def doubts(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [one.text for one in of(Alarm, verdicts) if one.name == "report_doubted"]


def test_an_ordinary_day_is_learned_at_once_and_its_settlement_adds_nothing() -> None:
    engine = engine_before()
    engine.handle(read(56))
    (record,) = news(engine.handle(final(56)))
    assert record == learned(engine)
    assert days_learned(engine) == 1
    assert not any(news(engine.handle(paid(s, v))) for s, v in (("B54.5", "0"), ("B56.5", "1")))


@pytest.mark.parametrize(("below_f", "is_doubted"), [(0, False), (SLIP_F, False), (2, True)])
def test_a_report_below_what_was_observed_waits(below_f: int, is_doubted: bool) -> None:
    engine = engine_before()
    engine.handle(read(57))
    found = doubts(engine.handle(final(57 - below_f)))
    text = "NYC 22 Nov: the final report says 55 °F, but 57 °F was observed; not learned until"
    assert found == ([f"{text} confirmed"] if is_doubted else [])
    assert days_learned(engine) == (0 if is_doubted else 1)


def test_a_report_absurdly_far_from_the_forecast_waits() -> None:
    for high_f, is_doubted in ((54 + 2 * int(DOUBTED_Z), False), (54 + 2 * 6 + 1, True)):
        engine = engine_before()
        assert bool(doubts(engine.handle(final(high_f)))) is is_doubted
        assert days_learned(engine) == (0 if is_doubted else 1)


@pytest.mark.parametrize(
    "witness",
    [
        final(55, hours=3),
        final(55, hours=3, is_corrected=True),
        paid("B54.5"),
    ],
)
def test_what_was_observed_otherwise_is_learned_once_a_second_witness_says_the_same(
    witness: ClimateReport | Settlement,
) -> None:
    engine, calm = engine_before(), engine_before()
    engine.handle(read(58))
    assert len(doubts(engine.handle(final(55)))) == 1
    # asked for again it is the same report: no second witness, and no second alarm
    assert not news(engine.handle(final(55, received_at=morning_after(DAY) + HOUR)))
    assert days_learned(engine) == 0
    (record,) = news(engine.handle(witness))
    calm.handle(final(55))
    known = learned(calm)
    assert known is not None
    assert record == replace(known, received_at=witness.received_at) == learned(engine)


def test_a_correction_alone_does_not_make_an_absurd_figure_true() -> None:
    engine = engine_before()
    engine.handle(final(55))
    unlearned, alarm = news(engine.handle(final(94, hours=1, is_corrected=True)))
    assert isinstance(unlearned, Calibration)
    assert (unlearned.days, unlearned.bias_f, unlearned.as_of) == (0, 0.0, None)
    assert "+20.0 σ from the forecast" in doubts((alarm,))[0]
    assert days_learned(engine) == 0
    engine.handle(paid("T57"))
    assert days_learned(engine) == 1


@pytest.mark.parametrize("report_first", [True, False])
def test_what_the_exchange_does_not_pay_by_is_unlearned_until_it_is_said_again(
    report_first: bool,
) -> None:
    engine = engine_before()
    first = final(56) if report_first else final(56, hours=12)
    told = (first, paid("B54.5"), paid("B56.5", "0"))
    order = told if report_first else (*told[1:], told[0])
    verdicts = tuple(one for event in order for one in engine.handle(event))
    assert len(doubts(verdicts)) == 1
    assert days_learned(engine) == 0
    engine.handle(final(56, hours=20))
    assert days_learned(engine) == 1


def test_what_pays_neither_nothing_nor_all_is_no_witness() -> None:
    engine = engine_before()
    engine.handle(final(56))
    assert not doubts(engine.handle(paid("B56.5", "0.5")))
    assert days_learned(engine) == 1


def test_a_correction_comes_too_late_after_six_days_and_not_before() -> None:
    assert min(MEMORY, LESSONS_KEPT * timedelta(days=1)) > MEMORY_OF_RESULTS
    for days_later, is_learned in ((6, True), (7, False)):
        engine = setup().fresh_engine()
        for number in range(days_later):
            tell_of(engine, DAY + timedelta(days=number))
            engine.handle(final(55, DAY + timedelta(days=number)))
        known = learned(engine)
        late_at = datetime.combine(DAY, time(12), UTC) + timedelta(days=days_later)
        corrected = final(57, is_corrected=True, received_at=late_at)
        assert bool(news(engine.handle(corrected))) is is_learned
        assert (learned(engine) != known) is is_learned


def test_an_old_record_without_its_lessons_stays_as_it_is() -> None:
    engine = engine_before()
    old = Calibration("NYC", "NBP", "5.0", bias_f=1.0, days=30, as_of=DAY)
    engine.state.calibrations["NYC", "NBP", "5.0"] = old
    assert news(engine.handle(final(94))) == []
    assert learned(engine) is old


@pytest.mark.parametrize("dies_after", range(1, 7))
async def test_a_correction_after_a_restart_leaves_nothing_of_the_error(dies_after: int) -> None:
    """The error is learned, two later days too, and only then is it corrected."""
    wrong, right = final(61), final(55, hours=1, is_corrected=True)
    right = replace(right, received_at=morning_after(DAY) + timedelta(days=2, hours=12))
    others = [final(53, DAY + timedelta(days=1)), final(57, DAY + timedelta(days=2))]
    events = [wrong, others[0], paid("B54.5"), others[1], right, wrong]
    events[2] = replace(events[2], received_at=others[0].received_at + HOUR)
    events[5] = replace(wrong, received_at=right.received_at + HOUR)
    store = SqliteStore(":memory:", "demo")
    engine, unbroken = setup().fresh_engine(), engine_before(days=3)
    for number in range(3):
        day = DAY + timedelta(days=number)
        at = evening_before(day)
        known = forecast(AROUND_54, day=day, run_at=at, received_at=at)
        # the cycle writes down what was told before it
        await written(store, engine, replace(ladder(day=day), received_at=at), known, CycleDue(at))
    told = await written(store, engine, *events[:dies_after])
    engine = await resumed_engine(setup(), store)
    told = [*told, *await written(store, engine, *events[dies_after:])]
    expected = [one for event in events for one in unbroken.handle(event)]
    assert of(Alarm, told) == of(Alarm, expected)
    clean = engine_before(days=3)
    for event in (final(55), *others):
        clean.handle(event)
    after, never = learned(engine), learned(clean)
    assert after is not None
    assert never is not None
    assert to_json(replace(after, received_at=None)) == to_json(replace(never, received_at=None))
    stored = (await store.calibrations())[-1]
    assert from_json(to_json(stored), Calibration).lessons == after.lessons
    await store.close()
