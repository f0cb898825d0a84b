"""Evidence from the engine's own life: registered first, counted once, limiting live money only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import log

import pytest

from kalshi_edge.choices import ForecastModel
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.events import CycleDue, Event, OrderUpdate, SetStage
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    FirstDecision,
    SeenLadder,
    Stage,
    StageState,
)
from kalshi_edge.domain.orders import OrderStep, Settlement, Strategy
from kalshi_edge.domain.verdicts import Alarm, Approved, CycleDone, Refused, Verdict
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.learning.evidence import CellGate
from kalshi_edge.trading.fees import most_taker_fee
from kalshi_edge.trading.gathering import rule_text
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import DAY, fill, forecast, ladder, quotes

SEED, EMOS, POSTERIOR = ForecastModel
NEW_YORK = station_of("NYC")
AT = NEW_YORK.day_start(DAY) + timedelta(minutes=30)
OVER = NEW_YORK.day_end(DAY) + timedelta(hours=9)
CHEAP = {
    "T50": "0.07", "B50.5": "0.15", "B52.5": "0.18", "B54.5": "0.34", "B56.5": "0.24",
    "T57": "0.07",
}  # fmt: skip
"""Coherent, and 52 to 53 °F cheaper than the forecast of 53 °F has it."""


def told(mode: str = "paper", playbook: Playbook | None = None) -> Engine:
    setup = Setup(mode, (NEW_YORK,), ("NBP",), Decimal(1000), playbook or Playbook())
    engine = setup.fresh_engine()
    engine.handle(replace(ladder(), received_at=AT - timedelta(hours=9)))
    said = forecast({10: 50.5, 50: 53.0, 90: 55.5})
    run_at, received_at = AT - timedelta(hours=8), AT - timedelta(hours=7)
    engine.handle(replace(said, run_at=run_at, received_at=received_at))
    offer(engine)
    return engine


def offer(engine: Engine) -> None:
    for one in quotes(CHEAP).values():
        engine.handle(replace(one, valid_at=AT, received_at=AT))


def of_kind(kind: type, verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [one for one in verdicts if isinstance(one, kind)]


def filled(engine: Engine, approved: Approved) -> None:
    for intent in approved.intents:
        engine.handle(OrderUpdate(intent.intent_id, OrderStep.SEND, AT))
        fee = most_taker_fee(intent.limit_price, intent.count, ladder().fee_rule, AT)
        got = fill(intent, intent.count, intent.limit_price, fee, valid_at=AT, received_at=AT)
        engine.handle(got)


def settled(won: str) -> list[Event]:
    return [
        Settlement(one.ticker, Decimal(int(one.ticker.endswith(won))), None, OVER, OVER)
        for one in ladder().markets
    ]


def told_all(engine: Engine, events: Sequence[Event]) -> list[Verdict]:
    return [verdict for event in events for verdict in engine.handle(event)]


def gate_of(engine: Engine, model: ForecastModel, strategy: Strategy = Strategy.SINGLE) -> CellGate:
    return next(
        gate
        for gate in engine.evidence.gates_of("NYC", Lead.NIGHT)
        if (gate.cell.model, gate.cell.strategy) == (model, strategy)
    )


def test_cells_are_registered_before_anything_is_decided_the_traded_models_first() -> None:
    engine = told()
    verdicts = engine.handle(CycleDue(AT))
    batches = of_kind(CellBatch, verdicts)
    assert verdicts[: len(batches)] == tuple(batches)
    assert [batch.number for batch in batches] == [0, 1, 2]
    assert [{cell.model for cell in batch.cells} for batch in batches] == [
        {SEED}, {EMOS}, {POSTERIOR},
    ]  # fmt: skip
    # four lead classes and two strategies each; half of the chance, evenly divided
    assert [batch.share for batch in batches] == [0.5 / 8, 0.25 / 8, 0.125 / 8]
    assert not any(cell.is_live for batch in batches for cell in batch.cells)
    # told again, nothing new is registered
    assert of_kind(CellBatch, engine.handle(CycleDue(AT + timedelta(minutes=30)))) == []


def test_another_rule_is_another_cell_and_the_same_figures_are_the_same_rule() -> None:
    one = Playbook()
    same = replace(
        one, limits=replace(one.limits, max_reference_gap_f=4, contract_step=Decimal("1.0"))
    )
    other = replace(one, gates=replace(one.gates, min_edge=0.06))
    assert len({rule_text(rule, Strategy.SINGLE) for rule in (one, same)}) == 1
    assert rule_text(one, Strategy.SINGLE) != rule_text(other, Strategy.SINGLE)
    engine = told()
    engine.handle(CycleDue(AT))
    engine.playbook = other
    later = AT + timedelta(minutes=30)
    assert [b.number for b in of_kind(CellBatch, engine.handle(CycleDue(later)))] == [3, 4, 5]


def test_a_trade_and_a_shadow_are_counted_once_by_what_the_exchange_paid() -> None:
    engine = told()
    verdicts = engine.handle(CycleDue(AT))
    (seen,) = of_kind(SeenLadder, verdicts)
    decisions = {one.cell_id: one for one in of_kind(FirstDecision, verdicts)}
    (approved,) = of_kind(Approved, verdicts)
    filled(engine, approved)
    ours, shadow = gate_of(engine, SEED), gate_of(engine, EMOS)
    sent, written = decisions[ours.cell.cell_id], decisions[shadow.cell.cell_id]
    assert sent.trades == tuple(one.trade_id for one in approved.intents)
    assert written.trades == ()
    assert sent.asked == sum(one.cost_limit for one in approved.intents)

    states = {one.cell_id: one for one in of_kind(CellState, told_all(engine, settled("B52.5")))}
    trades = [engine.account.tracker.trades[name] for name in sent.trades]
    result = sum(one.pnl for one in trades)
    bins = [one.ticker.rpartition("-")[2] for one in ladder().markets]
    for gate, decision in ((ours, sent), (shadow, written)):
        state = states[gate.cell.cell_id]
        won = bins.index("B52.5")
        ratio = Fraction(dict(seen.said)[gate.cell.model][won]) / Fraction(seen.mid[won])
        assert gate.skill(state) == pytest.approx(float(ratio))
        if decision is written:
            paid = sum(leg.count for leg in written.legs if leg.ticker.endswith("B52.5"))
            result = paid - written.asked
        r = Fraction(result) / Fraction(decision.asked)
        bets = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(2, 5))
        assert gate.money(state) == pytest.approx(float(sum(1 + k * r for k in bets) / 4))
        assert (state.ladders, state.decisions, state.counted) == (1, 1, (DAY,))
    # a posterior that saw nothing to buy has shown skill and no money
    quiet = gate_of(engine, POSTERIOR)
    assert quiet.cell.cell_id not in decisions
    assert states[quiet.cell.cell_id].decisions == 0
    # told again, the same settlements are no more evidence
    assert of_kind(CellState, told_all(engine, settled("B52.5"))) == []
    assert (engine.evidence.seen, engine.evidence.decisions) == ({}, {})


def test_only_the_first_decision_counts_whatever_is_bought_later() -> None:
    engine = told()
    first = of_kind(FirstDecision, engine.handle(CycleDue(AT)))
    offer(engine)
    later = of_kind(FirstDecision, engine.handle(CycleDue(AT + timedelta(minutes=3))))
    assert first
    assert later == []


def test_a_ladder_that_is_settled_at_a_fair_price_is_no_evidence() -> None:
    engine = told()
    engine.handle(CycleDue(AT))
    fair = [replace(one, value=Decimal("0.20")) for one in settled("B52.5")]  # type: ignore[type-var]
    assert of_kind(CellState, told_all(engine, fair)) == []
    assert engine.evidence.states == {}


def test_a_ladder_counts_when_the_last_of_it_is_settled_and_closed() -> None:
    engine = told()
    (approved,) = of_kind(Approved, engine.handle(CycleDue(AT)))
    *events, last = settled("B52.5")
    assert of_kind(CellState, told_all(engine, events)) == []
    states = of_kind(CellState, engine.handle(last))
    # the order never traded: nothing was risked in the end, and that is its result
    ours = gate_of(engine, SEED)
    (state,) = [one for one in states if one.cell_id == ours.cell.cell_id]
    assert approved.intents
    assert (ours.money(state), state.decisions) == (1.0, 1)


# --- live money -----------------------------------------------------------------------------------


def bought(engine: Engine, at=AT) -> list[Approved]:  # type: ignore[no-untyped-def]
    return of_kind(Approved, engine.handle(CycleDue(at)))  # type: ignore[return-value]


@pytest.mark.parametrize("mode", ["paper", "demo", "backtest"])
def test_play_money_is_not_limited(mode: str) -> None:
    (approved,) = bought(told(mode))
    assert all(intent.count > 10 for intent in approved.intents)


def test_live_money_buys_one_contract_a_ladder_until_a_person_says_more() -> None:
    engine = told("live")
    (approved,) = bought(engine)
    assert [intent.count for intent in approved.intents] == [Decimal(1)]
    filled(engine, approved)
    offer(engine)
    assert bought(engine, AT + timedelta(minutes=3)) == []


def shown(engine: Engine, money: float, skill: float = 30.0) -> str:
    """A live cell with so much evidence; its id."""
    engine.handle(CycleDue(AT - timedelta(days=1)))  # which registers and buys nothing
    gate = gate_of(engine, SEED)
    cell_id = gate.cell.cell_id
    is_open = money >= gate.money_needed
    engine.evidence.keep(
        CellState(
            cell_id,
            (log(skill), 0.0),
            ((log(money),) * 4, (0.0,) * 4),
            ladders=40,
            decisions=30,
            opened_at=AT - timedelta(days=1) if is_open else None,
        )
    )
    return cell_id


def test_a_stage_is_earned_signed_and_no_further_than_the_next() -> None:
    engine = told("live")
    cell_id = shown(engine, money=1e5)
    refused = engine.handle(SetStage(cell_id, Stage.FULL, AT, by="ann"))
    (said,) = refused
    assert isinstance(said, Refused)
    assert said.failures[0].limit == "one stage up, or down"
    (unsigned,) = engine.handle(SetStage(cell_id, Stage.QUARTER, AT))
    assert isinstance(unsigned, Refused)
    (state,) = engine.handle(SetStage(cell_id, Stage.QUARTER, AT, by="ann"))
    assert isinstance(state, StageState)
    assert (state.stage, state.by, state.is_override) == (Stage.QUARTER, "ann", False)


def test_what_is_not_shown_needs_an_override_with_a_reason_and_is_loud() -> None:
    engine = told("live")
    cell_id = shown(engine, money=3.0)
    (said,) = engine.handle(SetStage(cell_id, Stage.QUARTER, AT, by="ann"))
    assert isinstance(said, Refused)
    assert "the cell is not open" in said.failures[0].figure
    (said,) = engine.handle(SetStage(cell_id, Stage.QUARTER, AT, is_override=True, by="ann"))
    assert isinstance(said, Refused)
    command = SetStage(cell_id, Stage.QUARTER, AT, is_override=True, reason="I know", by="ann")
    state, alarm = engine.handle(command)
    assert isinstance(state, StageState)
    assert state.is_override
    assert isinstance(alarm, Alarm)
    assert alarm.name == "stage_override"
    assert "ann" in alarm.text


@pytest.mark.parametrize("stage", [Stage.PAPER, Stage.SHADOW])
def test_below_one_contract_orders_are_written_and_not_sent(stage: Stage) -> None:
    engine = told("live")
    engine.handle(CycleDue(AT - timedelta(days=1)))
    cell_id = gate_of(engine, SEED).cell.cell_id
    engine.handle(SetStage(cell_id, stage, AT, by="ann", reason="careful"))
    verdicts = engine.handle(CycleDue(AT))
    assert of_kind(Approved, verdicts) == []
    written = [one for one in of_kind(FirstDecision, verdicts) if one.cell_id == cell_id]
    assert [one.trades for one in written] == [()]
    said = [one for one in of_kind(Refused, verdicts) for c in one.failures if c.rule == "stage"]
    assert said


def test_a_lost_edge_closes_the_cell_and_takes_a_stage_by_itself() -> None:
    engine = told("live")
    cell_id = shown(engine, money=1e5)
    engine.handle(SetStage(cell_id, Stage.QUARTER, AT, by="ann"))
    (approved,) = bought(engine)
    filled(engine, approved)
    near = replace(engine.evidence.states[cell_id], closing=(19.0, 19.0, 19.0))
    engine.evidence.keep(near)
    verdicts = told_all(engine, settled("T57"))  # all of it is lost
    (dropped,) = of_kind(StageState, verdicts)
    assert (dropped.stage, dropped.by) == (Stage.ONE_CONTRACT, "")
    assert "evidence_closed" in [one.name for one in of_kind(Alarm, verdicts)]
    state = engine.evidence.states[cell_id]
    assert not state.is_open


def test_a_quarter_is_a_quarter() -> None:
    (whole,) = bought(told("demo"))
    engine = told("live")
    cell_id = shown(engine, money=1e5)
    engine.handle(SetStage(cell_id, Stage.QUARTER, AT, by="ann"))
    (approved,) = bought(engine)
    assert [one.count for one in approved.intents] == [
        Decimal(int(one.count / 4)) for one in whole.intents
    ]
    (done,) = [v for v in engine.handle(CycleDue(AT)) if isinstance(v, CycleDone)]
    assert done.approved == 0
