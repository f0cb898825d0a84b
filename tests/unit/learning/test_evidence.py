"""The evidence gate: what opens it, what closes it, what it refuses to count."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from kalshi_edge.backtest.gate_simulation import money_values, skill_values
from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.evidence_cells import (
    CellState,
    EvidenceCell,
    LadderEvidence,
    Stage,
    StageState,
)
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import (
    DAYS_KEPT,
    CellGate,
    Shown,
    demoted,
    entry_lacks,
    promoted,
    register,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def cell(lead: Lead = Lead.NIGHT, rule: str = "edge > 5 ¢", city: str = "NYC") -> EvidenceCell:
    return EvidenceCell(city, lead, Strategy.SINGLE, "posterior", True, rule)


def gate(lead: Lead = Lead.NIGHT, cells: int = 1) -> CellGate:
    batch = register((), [cell(lead), *(cell(lead, f"{i}") for i in range(cells - 1))], START)
    return CellGate(batch.cells[0], batch)


def ladder(of: CellGate, number: int, *, ratio: float | None = 1.2, asked: str | None = "0.60",
           result: str = "0.40", at_most: str = "1.40") -> LadderEvidence:  # fmt: skip
    at = START + timedelta(days=number)
    return LadderEvidence(
        cell_id=of.cell.cell_id,
        event_ticker=f"KXHIGHNY-{number}",
        climate_day=date(2026, 1, 1) + timedelta(days=number),
        decided_at=at + timedelta(hours=5),
        informed_at=at + timedelta(hours=5),
        settled_at=at + timedelta(hours=36),
        ratio=ratio,
        asked=None if asked is None else Decimal(asked),
        at_most=None if asked is None else Decimal(at_most),
        result=None if asked is None else Decimal(result),
    )


def drawn(of: CellGate, days: int, seed: int = 1) -> list[LadderEvidence]:
    """Two bins at 30 ¢ of which one wins 72 times in 100; now and then no decision or no ladder."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(days):
        won = generator.random() < 0.72
        kind = generator.random()
        if kind < 0.1:
            found.append(ladder(of, number, ratio=1.2 if won else 0.7, asked=None))
        elif kind < 0.15:
            found.append(ladder(of, number, ratio=None, asked=None))
        else:
            found.append(ladder(of, number, ratio=1.2 if won else 0.7,
                                result="0.40" if won else "-0.60"))  # fmt: skip
    return found


def folded(of: CellGate, ladders: list[LadderEvidence]) -> CellState:
    state = of.fresh
    for one in ladders:
        state = of.counted(state, one)
    return state


# --- the figures ------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [Lead.NIGHT, Lead.EVE])
def test_the_figures_are_those_of_a_slow_reference(lead: Lead) -> None:
    of = gate(lead)
    ladders = drawn(of, 120)
    state = folded(of, ladders)
    skill = {0: Fraction(1), 1: Fraction(1)}
    money = {(parity, k): Fraction(1) for parity in (0, 1) for k in (5, 10, 20, 40)}
    for one in ladders:
        parity = one.climate_day.toordinal() % 2
        if one.ratio is not None:
            skill[parity] *= Fraction(one.ratio)
        if one.asked is not None and one.result is not None:
            r = Fraction(one.result) / Fraction(one.asked)
            for k in (5, 10, 20, 40):
                money[parity, k] *= 1 + Fraction(k, 100) * r
    if lead is Lead.NIGHT:
        expected = skill[0] * skill[1], sum(money[0, k] * money[1, k] for k in (5, 10, 20, 40)) / 4
    else:
        expected = (skill[0] + skill[1]) / 2, sum(money.values()) / 8
    assert of.skill(state) == pytest.approx(float(expected[0]), rel=1e-10)
    assert of.money(state) == pytest.approx(float(expected[1]), rel=1e-10)


def test_a_whole_history_at_once_says_the_same() -> None:
    of = gate(cells=20)
    ladders = [one for one in drawn(of, 400, seed=3) if one.asked is not None]
    state, opened_on = of.fresh, None
    for number, one in enumerate(ladders):
        state = of.counted(state, one)
        if state.opened_at is not None and opened_on is None:
            opened_on = number
    results = np.array(
        [[float(one.result / one.asked) for one in ladders if one.result and one.asked]]
    )
    ratios = np.array([[np.log(one.ratio) for one in ladders if one.ratio]])
    money, skill = money_values(results)[0], skill_values(ratios)[0]
    assert of.money(state) == pytest.approx(money[-1], rel=1e-9)
    assert of.skill(state) == pytest.approx(skill[-1], rel=1e-9)
    assert opened_on == np.argmax((money >= 800) & (skill >= 20))


def test_a_store_and_a_replay_give_the_same_state() -> None:
    of = gate(cells=20)
    ladders = drawn(of, 200)
    halfway = folded(of, ladders[:100])
    stored: CellState = from_json(to_json(halfway), CellState)
    assert stored == halfway
    for one in ladders[100:]:
        again: LadderEvidence = from_json(to_json(one), LadderEvidence)
        stored = of.counted(stored, again)
    assert stored == folded(of, ladders)


def test_a_day_without_a_decision_costs_no_money_and_teaches_skill() -> None:
    of = gate()
    state = of.counted(of.fresh, ladder(of, 0, asked=None))
    assert (of.money(state), of.skill(state)) == (1.0, pytest.approx(1.2))
    assert (state.ladders, state.decisions) == (1, 0)


# --- what is spent, what opens, what closes ---------------------------------------------------


def test_all_batches_together_spend_one_chance() -> None:
    batches = []
    for number in range(30):
        cells = [cell(rule=f"{number} {i}") for i in range(20 if number == 0 else 3)]
        batches.append(register(batches, cells, START))
    assert sum(batch.share * len(batch.cells) for batch in batches) < 1
    assert CellGate(batches[0].cells[0], batches[0]).money_needed == pytest.approx(800)
    assert CellGate(batches[1].cells[0], batches[1]).money_needed == pytest.approx(240)


def test_money_alone_and_skill_alone_open_nothing() -> None:
    of = gate()
    rich = folded(of, [ladder(of, n, ratio=1.0) for n in range(100)])
    assert of.money(rich) > of.money_needed
    assert rich.opened_at is None
    clever = folded(of, [ladder(of, n, asked=None) for n in range(100)])
    assert of.skill(clever) > 20
    assert clever.opened_at is None
    both = folded(of, [ladder(of, n) for n in range(100)])
    assert both.is_open


def test_a_cell_closes_for_good_and_says_when() -> None:
    of = gate()
    good = [ladder(of, n) for n in range(60)]
    bad = [ladder(of, n, ratio=0.7, result="-0.60") for n in range(60, 100)]
    before = folded(of, good)
    after = folded(of, [*good, *bad])
    assert before.is_open
    assert not after.is_open
    assert after.closings >= 1
    assert after.closed_at is not None
    better = folded(of, [*good, *bad, *(ladder(of, n) for n in range(100, 300))])
    assert not better.is_open


def test_losses_before_the_opening_close_nothing() -> None:
    of = gate()
    state = folded(of, [ladder(of, n, result="-0.60") for n in range(80)])
    assert (state.opened_at, state.closings, state.closing) == (None, 0, (1.0, 1.0, 1.0))


# --- what is no evidence ----------------------------------------------------------------------


def test_a_planted_look_ahead_a_doubled_day_and_an_incoherent_ladder_are_caught() -> None:
    of = gate()
    state = of.counted(of.fresh, ladder(of, 0))
    one = ladder(of, 1)
    later = one.decided_at + timedelta(seconds=1)
    bad = {
        "rests on what came after": replace(one, informed_at=later),
        "once its result was out": replace(one, decided_at=one.settled_at),
        "2026-01-01 was counted already": ladder(of, 0),
        "without a coherent ladder": replace(one, ratio=None),
        "before the cell was registered": ladder(of, -1),
        "another cell": replace(one, cell_id="another"),
        "asked \\$0.60 and brought \\$-0.61": replace(one, result=Decimal("-0.61")),
        "a ratio of 0.0": replace(one, ratio=0.0),
    }  # fmt: skip
    for why, planted in bad.items():
        with pytest.raises(InputError, match=why):
            of.counted(state, planted)


def test_a_day_that_comes_again_after_months_is_still_not_counted_twice() -> None:
    of = gate()
    state = folded(of, [ladder(of, n) for n in range(DAYS_KEPT + 5)])
    with pytest.raises(InputError, match="too late"):
        of.counted(state, ladder(of, 0))


def test_a_batch_that_was_changed_afterwards_is_no_batch() -> None:
    batch = register((), [cell()], START)
    with pytest.raises(InputError, match="not what was registered"):
        CellGate(batch.cells[0], replace(batch, registered_at=START - timedelta(days=30)))
    with pytest.raises(InputError, match="was not registered"):
        CellGate(cell(rule="edge > 3 ¢"), batch)
    with pytest.raises(InputError, match="twice"):
        register((), [cell(), cell()], START)


# --- stages -----------------------------------------------------------------------------------


def shown(**changes: object) -> Shown:
    of = gate()
    state = folded(of, [ladder(of, n) for n in range(100)])
    usual = {"paper_skill": 25.0, "shadow_ladders": 20, "state": state,
             "money": of.money(state), "money_needed": of.money_needed}  # fmt: skip
    return Shown(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stage", "changes", "lacks"),
    [
        (Stage.SHADOW, {"paper_skill": 19.0}, "skill E 19 of 20 on paper"),
        (Stage.ONE_CONTRACT, {"shadow_ladders": 13}, "13 of 14 ladders in shadow"),
        (Stage.QUARTER, {"state": CellState("x")}, "the cell is not open"),
        (
            Stage.QUARTER,
            {"state": CellState("x"), "paper_skill": 3.29, "money": 0.8, "money_needed": 800.0},
            "the cell is not open: skill E 3.2 of 20, money E 0.80 of 800",
        ),
        (
            Stage.QUARTER,
            {"state": CellState("x", opened_at=START, closings=1)},
            "the cell is closed: the edge that was shown is gone",
        ),
        (Stage.FULL, {"state": CellState("x")}, "the cell is not open"),
        (Stage.FULL, {"money": 399.0, "money_needed": 40.0}, "money E 399 of 400"),
    ],
)
def test_each_stage_has_its_entry(stage: Stage, changes: dict[str, object], lacks: str) -> None:
    assert entry_lacks(stage, shown()) == ""
    assert entry_lacks(stage, shown(**changes)) == lacks


def test_promotion_is_a_persons_one_stage_at_a_time() -> None:
    state = StageState("x", Stage.PAPER, START)
    for stage in list(Stage)[1:]:
        state = promoted(state, shown(), by="Ada", reason="", at=START)
        assert (state.stage, state.by, state.is_override) == (stage, "Ada", False)
    with pytest.raises(InputError, match="no stage after full"):
        promoted(state, shown(), by="Ada", reason="", at=START)
    with pytest.raises(InputError, match="nobody has signed"):
        promoted(StageState("x", Stage.PAPER, START), shown(), by=" ", reason="", at=START)


def test_an_override_is_signed_reasoned_and_stays_marked() -> None:
    closed = shown(state=CellState("x"))
    state = StageState("x", Stage.ONE_CONTRACT, START)
    with pytest.raises(InputError, match="not yet quarter: the cell is not open"):
        promoted(state, closed, by="Ada", reason="", at=START)
    with pytest.raises(InputError, match="says why"):
        promoted(state, closed, by="Ada", reason="", at=START, override=True)
    forced = promoted(state, closed, by="Ada", reason="a test", at=START, override=True)
    assert (forced.stage, forced.is_override, forced.reason) == (Stage.QUARTER, True, "a test")


def test_a_stage_is_lost_by_itself_and_paper_is_the_last() -> None:
    state = StageState("x", Stage.QUARTER, START, "Ada")
    for stage in (Stage.ONE_CONTRACT, Stage.SHADOW, Stage.PAPER, Stage.PAPER):
        state = demoted(state, "the edge is gone", START)
        assert (state.stage, state.by) == (stage, "")
