"""Online EMOS: what it is made of, by hand and against a plain version of the same formulas."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, log

import numpy as np
import pytest
import scoringrules

from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.domain.beliefs import EmosLesson, EmosRecord, EmosState, Lead
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.distribution import Normal
from kalshi_edge.models.emos import (
    LAYOUTS,
    EmosLayout,
    KnownSpreads,
    Yesterday,
    fresh_emos,
    layout_of,
    predicted,
    predictors,
    spreads_of,
    taught,
)
from kalshi_edge.models.relearning import LESSONS_KEPT, known_state, revised
from kalshi_edge.models.scores import crps

LAYOUT = EmosLayout("two", ("NBM",), ("GFSMOS", "GEFS"))
DAY = date(2024, 7, 1)
AT = datetime(2024, 6, 30, 18, tzinfo=UTC)


def forecast(model: str, point_f: float, *, sd_f: float | None = None, hour: int = 12) -> Forecast:
    run_at = AT.replace(hour=hour)
    return Forecast("KNYC", DAY, model, "4.2", run_at, run_at, mean_f=point_f, sd_f=sd_f)


def given(*forecasts: Forecast, known: KnownSpreads | None = None):
    by_model = {one.model: one for one in forecasts}
    return predictors(LAYOUT, by_model, DAY, known or KnownSpreads())


def lesson(number: int, error_f: float = 2.0) -> EmosLesson:
    angle = number / 10
    x = (
        1.0,
        np.sin(number),
        np.cos(2 * number),
        np.sin(angle),
        np.cos(angle),
        np.cos(7 * number),
        np.sin(9 * number),
    )
    s = (1.0, 0.1 * np.sin(3 * number), np.sin(angle), np.cos(angle), 0.2, 0.0)
    day = DAY + timedelta(days=number)
    return EmosLesson(day, "4.2", 70.0, tuple(map(float, x)), tuple(map(float, s)),
                      high_f=round(70 + error_f + 3 * np.sin(5 * number)))  # fmt: skip


def test_the_predictors_by_hand() -> None:
    said = given(forecast("NBM", 80.0), forecast("GFSMOS", 82.0), forecast("GEFS", 79.0, sd_f=3.0))
    assert said is not None
    assert (said.anchor_f, said.model, said.version) == (80.0, "NBM", "4.2")
    assert said.x[:3] == (1.0, 2.0, -1.0)
    spread = float(np.std([0.0, 2.0, -1.0]))
    assert said.s[1] == pytest.approx(log(spread + 0.5) - log(2.0))
    assert said.s[4] == pytest.approx(log(2.0))
    assert spreads_of(said.s).gefs == pytest.approx(log(2.0))
    # before any day: the mean of the three, and a σ of 2.5 °F
    high = predicted(LAYOUT.fresh, said)
    assert (high.mu_f, high.sigma_f) == (pytest.approx(241 / 3), pytest.approx(2.5))


def test_yesterday_counts_where_its_maximum_is_known() -> None:
    by_model = {"NBM": forecast("NBM", 80.0)}
    known = predictors(LAYOUT, by_model, DAY, KnownSpreads(), Yesterday(83.0, anchor_f=81.0))
    unknown = predictors(LAYOUT, by_model, DAY, KnownSpreads())
    assert known is not None
    assert unknown is not None
    assert known.x[-2:] == (2.0, 3.0)
    assert unknown.x[-2:] == (0.0, 0.0)
    # nothing is made of it before it has proved to help
    assert predicted(LAYOUT.fresh, known) == predicted(LAYOUT.fresh, unknown)


def test_nothing_that_is_missing_breaks_it() -> None:
    known = KnownSpreads(disagreement=0.3, gefs=-0.2)
    alone = given(forecast("NBM", 80.0), known=known)
    assert alone is not None
    assert alone.x[:3] == (1.0, 0.0, 0.0)
    assert (alone.s[1], alone.s[4]) == (0.3, -0.2)
    without_anchor = given(forecast("GFSMOS", 82.0), forecast("GEFS", 78.0))
    assert without_anchor is not None
    assert (without_anchor.anchor_f, without_anchor.model) == (80.0, "")
    assert given() is None
    assert given(forecast("NWS", 80.0)) is None


def test_the_newest_anchor_is_taken_and_of_one_run_the_first() -> None:
    layout = replace(LAYOUT, anchors=("NBP", "NBS"))
    for hour, model in ((13, "NBS"), (12, "NBP")):
        both = {"NBP": forecast("NBP", 80.0), "NBS": forecast("NBS", 81.0, hour=hour)}
        found = predictors(layout, both, DAY, KnownSpreads())
        assert found is not None
        assert found.model == model


def test_a_city_has_the_best_layout_of_what_it_has_seen() -> None:
    assert [layout.name for layout in LAYOUTS] == ["NBP", "NBM", "GFSMOS"]
    assert layout_of(["GFSMOS", "NAMMOS"]) == LAYOUTS[2]
    assert layout_of(["NAMMOS"]) is None


def plain_step(
    beta: np.ndarray, p: np.ndarray, gamma: np.ndarray, q: np.ndarray, one: EmosLesson
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The formulas as they are printed, with matrices inverted."""
    x, s = np.array(one.x), np.array(one.s)
    b0 = np.array([0, 1 / 3, 1 / 3, 0, 0, 0, 0])
    p0 = np.diag([1, 1 / 0.09, 1 / 0.09, 1 / 0.49, 1 / 0.49, 100, 100])
    g0, q0 = np.array([log(2.5), 0, 0, 0, 0, 0]), np.eye(6) / 0.09
    sigma = exp(np.clip(gamma @ s, -0.5, 2))
    e = one.high_f - one.anchor_f - beta @ x
    p = 0.99 * p + 0.01 * p0 + np.outer(x, x) / sigma**2
    q = 0.998 * q + 0.002 * q0 + 2 * np.outer(s, s)
    after = beta + np.linalg.inv(p) @ (x * e / sigma**2 + 0.01 * p0 @ (b0 - beta))
    grown = s * (min(e**2 / sigma**2, 9) - 1) + 0.002 * q0 @ (g0 - gamma)
    return after, p, gamma + np.linalg.inv(q) @ grown, q


def test_a_step_is_the_printed_formula() -> None:
    state = LAYOUT.fresh
    plain = tuple(
        np.array(part)
        for part in (state.mean.theta, state.mean.precision,
                     state.spread.theta, state.spread.precision)
    )  # fmt: skip
    for number in range(200):
        one = lesson(number, error_f=20.0 if number == 50 else 2.0)
        state = taught(LAYOUT, state, one)
        plain = plain_step(*plain, one)
    assert state.mean.theta == pytest.approx(plain[0], rel=1e-8)
    assert np.array(state.mean.precision) == pytest.approx(plain[1], rel=1e-8)
    assert state.spread.theta == pytest.approx(plain[2], rel=1e-8)
    assert np.array(state.spread.precision) == pytest.approx(plain[3], rel=1e-8)
    assert state.days == 200


def test_the_score_is_the_gradient_of_the_log_likelihood() -> None:
    one, state = lesson(3), LAYOUT.fresh
    x, s = np.array(one.x), np.array(one.s)

    def likelihood(beta: np.ndarray, gamma: np.ndarray) -> float:
        sigma = exp(gamma @ s)
        return -log(sigma) - (one.high_f - one.anchor_f - beta @ x) ** 2 / (2 * sigma**2)

    beta, gamma = np.array(state.mean.theta), np.array(state.spread.theta)
    sigma = exp(gamma @ s)
    e = one.high_f - one.anchor_f - beta @ x
    for i, step in enumerate(np.eye(7) * 1e-6):
        slope = (likelihood(beta + step, gamma) - likelihood(beta - step, gamma)) / 2e-6
        assert slope == pytest.approx(x[i] * e / sigma**2, abs=1e-6)
    for i, step in enumerate(np.eye(6) * 1e-6):
        slope = (likelihood(beta, gamma + step) - likelihood(beta, gamma - step)) / 2e-6
        assert slope == pytest.approx(s[i] * (e**2 / sigma**2 - 1), abs=1e-6)


def test_a_new_version_weakens_what_is_held_and_changes_nothing_else() -> None:
    state = LAYOUT.fresh
    for number in range(50):
        state = taught(LAYOUT, state, lesson(number))
    same, other = lesson(50), replace(lesson(50), version="5.0")
    stayed, taken = taught(LAYOUT, state, same), taught(LAYOUT, state, other)
    assert taken.version == "5.0"
    added = np.array(stayed.mean.precision) - np.array(taken.mean.precision)
    assert added == pytest.approx(0.99 * 0.5 * np.array(state.mean.precision))
    # a day without an anchor takes nothing over
    nameless = taught(LAYOUT, state, replace(same, version=""))
    assert nameless == stayed


def records(lessons: list[EmosLesson]) -> EmosRecord:
    record = fresh_emos("NYC", Lead.NIGHT, LAYOUTS[2])
    for one in lessons:
        record = revised(record, one.climate_day, one, teach)
    return record


def teach(state: EmosState, one: EmosLesson) -> EmosState:
    return taught(LAYOUTS[2], state, one)


@pytest.mark.parametrize("wrong", range(23, 30))
def test_a_corrected_result_leaves_no_trace(wrong: int) -> None:
    right = [lesson(number) for number in range(30)]
    mistaken = [replace(one, high_f=95) if i == wrong else one for i, one in enumerate(right)]
    record = records(mistaken)
    assert known_state(record, teach) != known_state(records(right), teach)
    assert revised(record, right[wrong].climate_day, right[wrong], teach) == records(right)
    unlearned = revised(record, right[wrong].climate_day, None, teach)
    without = records([*right[:wrong], *right[wrong + 1 :]])
    # what an unlearned day had pushed out of reach stays there
    assert known_state(unlearned, teach) == known_state(without, teach)


def test_days_are_learned_in_their_order_whatever_order_they_come_in() -> None:
    lessons = [lesson(number) for number in range(LESSONS_KEPT)]
    assert records(lessons[::-1]) == records(lessons)


def test_what_lies_too_far_back_changes_nothing() -> None:
    record = records([lesson(number) for number in range(LESSONS_KEPT + 3)])
    assert record.base_as_of == lesson(2).climate_day
    assert revised(record, lesson(2).climate_day, lesson(2, error_f=9.0), teach) is record
    assert revised(record, lesson(9).climate_day, lesson(9), teach) is record


def test_a_stored_record_goes_on_exactly() -> None:
    record = records([lesson(number) for number in range(20)])
    again: EmosRecord = from_json(to_json(record), EmosRecord)
    assert again == record
    assert known_state(again, teach) == known_state(record, teach)


@pytest.mark.parametrize("actual_f", [60.0, 70.4, 81.0])
def test_the_crps_is_that_of_scoringrules(actual_f: float) -> None:
    expected = scoringrules.crps_normal(actual_f, 70.0, 2.4)
    assert crps(Normal(70.0, 2.4), actual_f) == pytest.approx(expected, rel=1e-9)
