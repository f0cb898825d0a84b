"""A calibration is what the last words of its days taught, however the words came."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.verdicts import Alarm, Verdict
from kalshi_edge.domain.weather import Basis, ClimateReport, Observation
from kalshi_edge.execution.simulator import settle
from kalshi_edge.models.calibration import learn, uncalibrated
from kalshi_edge.trading.state import WorldState
from tests.support.builders import DAY, forecast, ladder

STATION = station_of("NYC")
DAYS = 3
FROM_AT = STATION.day_end(DAY + timedelta(days=DAYS)) + timedelta(hours=2)
"""After the last of the days: any of their facts may come in any order from here on."""
FORECASTS = {"NBP": (54.0, 2.0), "NBM": (53.0, 2.4)}
Fact = ClimateReport | Settlement


@dataclass(frozen=True)
class Said:
    """What the world has to say of one climate day, and what of it is to be learned in the end."""

    facts: tuple[Fact, ...]
    high_f: int | None


def begun(*, floors: bool = False) -> WorldState:
    """Knows the forecasts and ladders of all days, and of readings 55 °F on each."""
    state = WorldState([STATION], tuple(FORECASTS))
    for number in range(DAYS):
        day = DAY + timedelta(days=number)
        at = STATION.day_start(day) - timedelta(hours=8)
        state.ladder(replace(ladder(day=day), received_at=at))
        for model, (mean_f, sigma_f) in FORECASTS.items():
            spread = {10: mean_f - 1.2816 * sigma_f, 50: mean_f, 90: mean_f + 1.2816 * sigma_f}
            state.forecast(forecast(spread, day=day, model=model, run_at=at, received_at=at))
        if floors:
            noon_at = STATION.day_start(day) + timedelta(hours=12)
            state.observation(Observation("KNYC", Basis.T_GROUP, noon_at, noon_at, 55, 55, noon_at))
    return state


def played(state: WorldState, facts: Sequence[Fact], start: int = 0) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for number, fact in enumerate(facts, start):
        at = FROM_AT + timedelta(minutes=number)
        if isinstance(fact, ClimateReport):
            verdicts += state.report(replace(fact, received_at=at))
        else:
            verdicts += state.settlement(replace(fact, received_at=at))
    return verdicts


def bits(state: WorldState, *, lessons: bool = True) -> dict[tuple[str, str, str], bytes]:
    """All that was learned, to the last bit; of what was unlearned again, nothing."""
    changes = {"received_at": None} if lessons else {"received_at": None, "lessons": ()}
    return {
        key: to_json(replace(known, **changes))
        for key, known in state.calibrations.items()
        if known.days
    }


def issue(number: int, high_f: int, issue_h: int, *, is_corrected: bool = False) -> ClimateReport:
    day = DAY + timedelta(days=number)
    at = STATION.day_end(day) + timedelta(hours=2 + issue_h)
    return ClimateReport("CLINYC", day, high_f, None, True, is_corrected, False, at, at)


def settled(number: int, high_f: int) -> tuple[Settlement, ...]:
    return settle(ladder(day=DAY + timedelta(days=number)), high_f, FROM_AT)


@st.composite
def stories(draw: st.DrawFn, number: int) -> Said:
    """One climate day: the kinds of error there are, and what is believed in the end."""
    true_f = draw(st.integers(48, 60))
    wrong_f = draw(st.integers(20, 110).filter(lambda f: f != true_f))
    kinds = ["plain", "typing", "reissued", "absurd", "contradicted"]
    if number == DAYS - 1:  # after a day that far off no other is absurd
        kinds.append("twice")
    kind = draw(st.sampled_from(kinds))
    original, paid = issue(number, true_f, 0), settled(number, true_f)
    match kind:
        case "typing":
            corrected = issue(number, true_f, draw(st.integers(0, 3)), is_corrected=True)
            facts, high_f = (issue(number, wrong_f, 0), corrected), true_f
        case "reissued":
            facts, high_f = (issue(number, wrong_f, 0), issue(number, true_f, 1), *paid), true_f
        case "absurd":
            facts, high_f = (issue(number, 99, 0),), None
        case "twice":
            witness = draw(st.sampled_from(((), paid)))
            facts, high_f = (issue(number, 99, 0), issue(number, 99, 2), *witness), 99
        case "contradicted":
            elsewhere_f = 44 if true_f > 49 else 62
            facts, high_f = (original, *settled(number, elsewhere_f)), None
        case _:
            facts, high_f = (original, *draw(st.sampled_from(((), paid)))), true_f
    again = draw(st.lists(st.sampled_from(facts), max_size=4))
    return Said((*facts, *again), high_f)


@given(st.tuples(*(stories(number) for number in range(DAYS))), st.data())
def test_whatever_the_order_the_last_word_of_each_day_is_what_was_learned(
    days: tuple[Said, ...], data: st.DataObject
) -> None:
    facts = data.draw(st.permutations([fact for day in days for fact in day.facts]))
    state = begun()
    verdicts = played(state, facts)
    expected: dict[tuple[str, str, str], Calibration] = {}
    for number, day in enumerate(days):
        if day.high_f is None:
            continue
        lessons = begun().learning.forecasts["KNYC", DAY + timedelta(days=number)]
        for model, lesson in lessons.items():
            key = ("NYC", model, lesson.version)
            known = expected.get(key) or uncalibrated("NYC", lesson)
            expected[key] = learn(known, lesson, day.high_f, FROM_AT)
    assert bits(state) == {
        key: to_json(replace(known, received_at=None)) for key, known in expected.items()
    }
    # and the last record told of each is the one that holds
    told = {(v.city, v.model, v.version): v for v in verdicts if isinstance(v, Calibration)}
    assert {key: known for key, known in told.items() if known.days} == {
        key: known for key, known in state.calibrations.items() if known.days
    }


@st.composite
def reports(draw: st.DrawFn) -> list[Fact]:
    """Reports of any figure, as many as one likes, each issue with one figure; and payments."""
    issues = draw(
        st.lists(
            st.tuples(
                st.integers(0, DAYS - 1), st.integers(0, 4), st.booleans(), st.integers(44, 70)
            ),
            max_size=10,
            unique_by=lambda one: one[:3],
        )
    )
    facts: list[Fact] = [issue(n, f, h, is_corrected=c) for n, h, c, f in issues]
    for number in range(DAYS):
        whole = settled(number, draw(st.integers(48, 60)))
        facts += draw(st.lists(st.sampled_from(whole), unique=True, max_size=len(whole)))
    return facts


@given(reports(), st.data())
def test_no_order_of_any_facts_teaches_anything_else(
    facts: list[Fact], data: st.DataObject
) -> None:
    some, others = begun(floors=True), begun(floors=True)
    played(some, data.draw(st.permutations(facts)))
    played(others, data.draw(st.permutations(facts)))
    assert bits(some) == bits(others)


@given(reports(), st.data())
def test_a_restart_between_two_facts_changes_neither_records_nor_alarms(
    facts: list[Fact], data: st.DataObject
) -> None:
    facts = data.draw(st.permutations([*facts, *facts[:3]]))
    cut = data.draw(st.integers(0, len(facts)))
    whole, first = begun(floors=True), begun(floors=True)
    expected = played(whole, facts)
    told = played(first, facts[:cut])
    resumed = begun(floors=True)
    resumed.calibrations.update(first.calibrations)
    for number, fact in enumerate(facts[:cut]):
        resumed.recall(replace(fact, received_at=FROM_AT + timedelta(minutes=number)))
    told += played(resumed, facts[cut:], cut)
    assert told == expected
    assert bits(resumed) == bits(whole)
    # nothing is doubted twice: an alarm stands for a new figure, a new witness or an unlearning
    for number in range(cut, len(facts)):
        again = played(resumed, [facts[number]], len(facts) + number)
        assert not [one for one in again if isinstance(one, Alarm)]


def test_the_world_of_these_tests_is_after_its_days() -> None:
    assert all(issue(number, 50, 4).issued_at < FROM_AT for number in range(DAYS))
    assert isinstance(FROM_AT, datetime)
    assert Decimal(1) in {one.value for one in settled(0, 55)}
