"""The evidence gate: when a cell opens, when it closes, how far a strategy may go and who says so.

A cell opens where skill and money have both been shown at one moment; it closes by itself, and its
strategy drops one stage. Promotion is a person's, and never beyond what the numbers allow without
an override that is signed, dated and loud.
"""

from collections.abc import Iterable, Mapping, Sized
from dataclasses import InitVar, dataclass, replace
from datetime import date, datetime
from math import inf, log
from types import MappingProxyType
from typing import assert_never

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    EvidenceCell,
    LadderEvidence,
    Stage,
    StageState,
)
from kalshi_edge.errors import InputError
from kalshi_edge.models.e_values import (
    closing_wealth,
    log_factors,
    mean,
    money_value,
    plain_e,
    skill_value,
)

SKILL_OPENS = 20.0
MONEY_OPENS = 20.0
"""Divided by the cell's share: of all cells ever registered one in twenty opens falsely."""
CLOSES = 20.0
DAYS_KEPT = 14
"""So many climate days can be told from one that comes again; older ones come too late."""
FULL_FACTOR = 10.0
SHADOW_LADDERS = 14


@dataclass(frozen=True, slots=True)
class StageRule:
    """What a strategy must have shown to enter a stage, and how large it trades there."""

    share_of_size: float
    """Of what sizing gives; a stage of single contracts has 0."""
    entry: str
    """In words, for a person."""


STAGES: Mapping[Stage, StageRule] = MappingProxyType(
    {
        Stage.PAPER: StageRule(0.0, "nothing"),
        Stage.SHADOW: StageRule(0.0, "skill E ≥ 20 on paper"),
        Stage.ONE_CONTRACT: StageRule(0.0, "14 settled ladders in shadow"),
        Stage.QUARTER: StageRule(0.25, "the cell open: skill E ≥ 20 and money E ≥ 20 ÷ share"),
        Stage.FULL: StageRule(1.0, "the cell open and money E ≥ 10 times what opens it"),
    }
)


def register(before: Sized, cells: Iterable[EvidenceCell], at: datetime) -> CellBatch:
    """The next batch; raises ``InputError`` where it is empty or names a cell twice.

    A changed rule or model is another cell, and its evidence starts at 1 again; so does that of a
    cell that is registered anew.
    """
    some = tuple(cells)
    if not some:
        raise InputError("a batch without cells spends its share on nothing")
    if len({cell.cell_id for cell in some}) < len(some):
        raise InputError("a batch names a cell twice")
    batch = CellBatch(len(before), some, at)
    return replace(batch, digest=batch.own_digest)


@dataclass(frozen=True, slots=True)
class CellGate:
    """A registered cell with the rule by which it opens."""

    cell: EvidenceCell
    batch: CellBatch
    is_checked: InitVar[bool] = False
    """Whether the whole batch was looked at before, once for all its cells."""

    def __post_init__(self, is_checked: bool) -> None:
        if is_checked:
            return
        if self.batch.digest != self.batch.own_digest:
            raise InputError(f"batch {self.batch.number} is not what was registered")
        if self.cell not in self.batch.cells:
            raise InputError(f"{self.cell} was not registered in batch {self.batch.number}")

    @property
    def fresh(self) -> CellState:
        """The state before the first ladder."""
        return CellState(self.cell.cell_id)

    def skill(self, state: CellState) -> float:
        """E that the probabilities are better than the market's."""
        return skill_value(self.cell.lead, state.log_skill)

    def money(self, state: CellState) -> float:
        """E that decisions earn more than they cost."""
        return money_value(self.cell.lead, state.log_money)

    def counted(self, state: CellState, one: LadderEvidence) -> CellState:
        """``state`` after one more settled ladder, in order of settlement.

        Raises ``InputError`` for what is no evidence: another cell's, a ladder that was counted
        already, a decision from before the registration, one that rested on what came after it, one
        that was made once the result was out, and a result without money at risk.
        """
        self._check(state, one)
        odd = one.climate_day.toordinal() % 2
        state = self._with_skill(without_evidence(state, one.climate_day), one, odd)
        if one.asked is not None and one.result is not None:
            state = self._with_money(state, one, odd)
        shown = self.skill(state) >= SKILL_OPENS and self.money(state) >= self.money_needed
        if shown and state.opened_at is None:
            state = replace(state, opened_at=one.settled_at)
        return state

    @property
    def money_needed(self) -> float:
        """The money E-value at which the cell opens; 800 in a first batch of 20 cells."""
        return MONEY_OPENS / self.batch.share

    def _with_skill(self, state: CellState, one: LadderEvidence, odd: int) -> CellState:
        if one.ratio is None:
            return state
        even_skill, odd_skill = state.log_skill
        gain = log(one.ratio)
        both = (even_skill, odd_skill + gain) if odd else (even_skill + gain, odd_skill)
        return replace(state, log_skill=both, ladders=state.ladders + 1)

    def _with_money(self, state: CellState, one: LadderEvidence, odd: int) -> CellState:
        assert one.asked is not None
        assert one.result is not None
        even_money, odd_money = state.log_money
        gains = log_factors(float(one.result / one.asked))
        if odd:
            odd_money = _sum(odd_money, gains)
        else:
            even_money = _sum(even_money, gains)
        state = replace(state, log_money=(even_money, odd_money), decisions=state.decisions + 1)
        if state.opened_at is None or not one.at_most:
            return state
        closing = closing_wealth(state.closing, float(one.result / one.at_most))
        if mean(closing) < CLOSES:
            return replace(state, closing=closing)
        fresh = (1.0,) * len(closing)
        return replace(state, closing=fresh, closings=state.closings + 1, closed_at=one.settled_at)

    def _check(self, state: CellState, one: LadderEvidence) -> None:
        if one.cell_id != self.cell.cell_id:
            raise InputError(f"{one.event_ticker} is evidence of another cell")
        if one.climate_day in state.counted:
            raise InputError(f"{one.climate_day} was counted already")
        if len(state.counted) == DAYS_KEPT and one.climate_day < state.counted[0]:
            raise InputError(f"{one.climate_day} is settled too late to be counted")
        if one.decided_at < self.batch.registered_at:
            raise InputError(f"{one.event_ticker} was decided before the cell was registered")
        check_ladder(one)


def gates_of_batch(batch: CellBatch) -> dict[str, CellGate]:
    """The gate of every cell of ``batch``, by cell.

    Raises ``InputError`` where the batch is not what was registered.
    """
    first, *others = batch.cells
    gates = [CellGate(first, batch), *(CellGate(cell, batch, is_checked=True) for cell in others)]
    return {gate.cell.cell_id: gate for gate in gates}


def without_evidence(state: CellState, climate_day: date) -> CellState:
    """``state`` once a day has been looked at: it does not come again."""
    days = sorted((*state.counted, climate_day))[-DAYS_KEPT:]
    return replace(state, counted=tuple(days))


def check_ladder(one: LadderEvidence) -> None:
    """Raise ``InputError`` where what a ladder says is no evidence for anybody."""
    if one.informed_at > one.decided_at:
        raise InputError(f"{one.event_ticker} rests on what came after its decision")
    if one.settled_at <= one.decided_at:
        raise InputError(f"{one.event_ticker} was decided once its result was out")
    if one.ratio is not None and not 0 < one.ratio < inf:
        raise InputError(f"{one.event_ticker}: a ratio of {one.ratio}")
    if one.asked is None or one.result is None:
        return
    if one.ratio is None:
        raise InputError(f"{one.event_ticker} was traded without a coherent ladder")
    if one.asked <= 0 or one.result < -one.asked:
        raise InputError(f"{one.event_ticker} asked ${one.asked} and brought ${one.result}")


# --- stages -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show for a promotion."""

    paper_skill: float
    shadow_ladders: int
    """Settled since the strategy entered the shadow stage."""
    state: CellState
    money: float
    money_needed: float


def first_stage(cell_id: str, at: datetime) -> StageState:
    """How far a live cell may go before a person has said anything: one contract a ladder.

    Who starts a live trader has confirmed that it may trade; not that it may trade more.
    """
    return StageState(cell_id, Stage.ONE_CONTRACT, at, "LIVE_CONFIRM")


def shown_of(gate: CellGate, state: CellState, stage: StageState) -> Shown:
    """What a cell in ``stage`` has to show."""
    return Shown(
        paper_skill=gate.skill(state),
        shadow_ladders=state.ladders - stage.ladders,
        state=state,
        money=gate.money(state),
        money_needed=gate.money_needed,
    )


def opening_lacks(skill: float, money: float, money_needed: float) -> str:
    """What is still wanting for a cell to open, or nothing.

    >>> opening_lacks(3.2, 0.8, 800.0)
    'skill E 3.2 of 20, money E 0.80 of 800'
    """
    lacks: list[str] = []
    if skill < SKILL_OPENS:
        lacks.append(f"skill E {plain_e(skill)} of {SKILL_OPENS:g}")
    if money < money_needed:
        lacks.append(f"money E {plain_e(money)} of {money_needed:,.0f}")
    return ", ".join(lacks)


def _not_open(shown: Shown) -> str:
    if shown.state.is_open:
        return ""
    if shown.state.closings:
        return "the cell is closed: the edge that was shown is gone"
    lacks = opening_lacks(shown.paper_skill, shown.money, shown.money_needed)
    return "the cell is not open" + (f": {lacks}" if lacks else "")


def entry_lacks(stage: Stage, shown: Shown) -> str:
    """What is still wanting to enter ``stage``, or nothing."""
    match stage:
        case Stage.PAPER:
            return ""
        case Stage.SHADOW:
            lacks = shown.paper_skill < SKILL_OPENS
            figure = f"skill E {plain_e(shown.paper_skill)} of {SKILL_OPENS:g} on paper"
            return figure if lacks else ""
        case Stage.ONE_CONTRACT:
            lacks = shown.shadow_ladders < SHADOW_LADDERS
            return f"{shown.shadow_ladders} of {SHADOW_LADDERS} ladders in shadow" if lacks else ""
        case Stage.QUARTER:
            return _not_open(shown)
        case Stage.FULL:
            if closed := _not_open(shown):
                return closed
            needed = FULL_FACTOR * shown.money_needed
            lacks = shown.money < needed
            return f"money E {plain_e(shown.money)} of {needed:,.0f}" if lacks else ""
        case _:
            assert_never(stage)


def promoted(
    state: StageState, shown: Shown, *, by: str, reason: str, at: datetime, override: bool = False
) -> StageState:
    """The next stage, on a person's word.

    Raises ``InputError`` where nobody signs, where there is no further stage, and where something
    is wanting that is not overridden; an override needs a reason and stays marked.
    """
    order = list(Stage)
    place = order.index(state.stage) + 1
    if not by.strip():
        raise InputError("a promotion is a person's: nobody has signed it")
    if place == len(order):
        raise InputError(f"there is no stage after {state.stage}")
    lacks = entry_lacks(order[place], shown)
    if lacks and not override:
        raise InputError(f"not yet {order[place]}: {lacks}")
    if lacks and not reason.strip():
        raise InputError("an override says why")
    return StageState(state.cell_id, order[place], at, by, reason or lacks, bool(lacks))


def demoted(state: StageState, reason: str, at: datetime) -> StageState:
    """One stage lower, by itself; paper stays paper."""
    order = list(Stage)
    lower = order[max(order.index(state.stage) - 1, 0)]
    return StageState(state.cell_id, lower, at, "", reason)


def _sum(one: Vector, other: Vector) -> Vector:
    return tuple(a + b for a, b in zip(one, other, strict=True))
