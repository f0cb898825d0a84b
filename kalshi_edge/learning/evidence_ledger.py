"""Evidence as it gathers: which cells are registered, what was seen and decided, what came of it.

Every model gathers evidence from the first day. The traded one is judged by its trades; the others
by orders that are written and not sent, held to settlement, in an account that holds nothing else.
A ladder counts once its markets are settled, by what the exchange paid.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    DecidedLeg,
    EvidenceCell,
    FirstDecision,
    LadderEvidence,
    SeenLadder,
    StageState,
)
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Intent, Settlement
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import CellGate, demoted, register, without_evidence
from kalshi_edge.learning.evidence_records import EvidenceRecords
from kalshi_edge.units import ONE, ZERO

KEEP_PENDING = timedelta(days=10)

EvidenceVerdicts: TypeAlias = tuple[CellState | StageState | Alarm, ...]
LadderKey: TypeAlias = tuple[str, Lead]


@dataclass(frozen=True, slots=True)
class EvidenceSnapshot:
    """What waits for its ladder to settle; the cells themselves are in the store."""

    seen: tuple[SeenLadder, ...] = ()
    decisions: tuple[FirstDecision, ...] = ()


@dataclass
class EvidenceLedger(EvidenceRecords):
    """The cells, and what waits for settlement to become evidence of them."""

    seen: dict[LadderKey, SeenLadder] = field(default_factory=dict)
    decisions: dict[tuple[str, str], FirstDecision] = field(default_factory=dict)
    """By cell and event."""

    def register(self, wanted: Iterable[Sequence[EvidenceCell]], at: datetime) -> list[CellBatch]:
        """A batch of those cells of each group that are not registered yet; before they start."""
        made: list[CellBatch] = []
        for group in wanted:
            new = [cell for cell in group if cell.cell_id not in self.gates]
            if new:
                made.append(register(self.batches, new, at))
                self.keep(made[-1])
        return made

    # --- what waits -----------------------------------------------------------------------------

    def saw(self, ladder: SeenLadder) -> None:
        """Keep the first coherent ladder of a class; of two the first."""
        self.seen.setdefault((ladder.event_ticker, ladder.lead), ladder)

    def decided(self, decision: FirstDecision) -> None:
        """Keep a cell's decision on a ladder; of two the first."""
        self.decisions.setdefault((decision.cell_id, decision.event_ticker), decision)

    def has_decided(self, cell: EvidenceCell, event_ticker: str) -> bool:
        """Whether a cell's first decision on a ladder is made."""
        return (cell.cell_id, event_ticker) in self.decisions

    def forget(self, at: datetime) -> None:
        """Let go of ladders that were never settled."""
        first = (at - KEEP_PENDING).date()
        self.seen = {k: one for k, one in self.seen.items() if one.climate_day >= first}
        self.decisions = {k: one for k, one in self.decisions.items() if one.climate_day >= first}

    def forget_counted(self) -> None:
        """Let go of what has become evidence."""
        states = self.states
        self.decisions = {
            key: one
            for key, one in self.decisions.items()
            if key[0] not in states or one.climate_day not in states[key[0]].counted
        }
        awaited = {event for _, event in self.decisions}
        self.seen = {
            key: one
            for key, one in self.seen.items()
            if key[0] in awaited
            or not any(
                one.climate_day in states[gate.cell.cell_id].counted
                for gate in self.gates_of(one.city, one.lead)
                if gate.cell.cell_id in states
            )
        }

    # --- what comes of it -----------------------------------------------------------------------

    def settle(
        self,
        ladder: Ladder,
        settled: Callable[[str], Settlement | None],
        trade: Callable[[str], Trade | None],
        at: datetime,
    ) -> EvidenceVerdicts:
        """What a ladder says once all its markets are settled and every trade on it is closed.

        Nothing where it was settled at a fair price: then no model is right or wrong.
        """
        paid = [settled(market.ticker) for market in ladder.markets]
        waiting = [one for key, one in self.seen.items() if key[0] == ladder.event_ticker]
        values = [one.value for one in paid if one is not None]
        if not waiting or sorted(values) != [ZERO] * (len(paid) - 1) + [ONE]:
            return ()
        tickers = [market.ticker for market in ladder.markets]
        results = _Results(dict(zip(tickers, values, strict=True)), trade)
        verdicts: list[CellState | StageState | Alarm] = []
        won = values.index(ONE)
        for ladder_seen in waiting:
            for gate in self.gates_of(ladder_seen.city, ladder_seen.lead):
                verdicts += self._count(gate, ladder_seen, won, results, at)
        self.forget_counted()
        return tuple(dict.fromkeys(verdicts))  # what is wrong with a ladder is said once

    def _count(
        self, gate: CellGate, seen: SeenLadder, won: int, results: "_Results", at: datetime
    ) -> EvidenceVerdicts:
        cell = gate.cell
        before = self.state_of(gate)
        decision = self.decisions.get((cell.cell_id, seen.event_ticker))
        ratio = seen.ratio(cell.model, won)
        result = None if decision is None else results.of(decision)
        if ratio is None or seen.climate_day in before.counted:
            return ()
        if decision is not None and result is None:
            return ()  # not closed yet
        evidence = LadderEvidence(
            cell_id=cell.cell_id,
            event_ticker=seen.event_ticker,
            climate_day=seen.climate_day,
            decided_at=seen.seen_at,
            informed_at=seen.informed_at,
            settled_at=at,
            ratio=ratio,
            asked=None if decision is None else decision.asked,
            at_most=None if decision is None else decision.at_most,
            result=result,
        )
        refused: EvidenceVerdicts = ()
        try:
            state = gate.counted(before, evidence)
        except InputError as error:
            state = without_evidence(before, seen.climate_day)
            refused = (Alarm("evidence_refused", str(error)),)
        self.keep(state)
        return (state, *refused, *self._turned(gate, before, state, at))

    def _turned(
        self, gate: CellGate, before: CellState, after: CellState, at: datetime
    ) -> EvidenceVerdicts:
        """What a person should know: that a cell has opened, or has closed and dropped a stage."""
        name = f"{gate.cell.city} {gate.cell.lead} {gate.cell.strategy} {gate.cell.model}"
        if after.closings > before.closings:
            text = f"{name}: the edge that was shown is not there any more"
            said = Alarm("evidence_closed", text)
            if not gate.cell.is_live:
                return (said,)
            dropped = demoted(self.stage_of(gate), "the edge is gone", at)
            dropped = replace(dropped, ladders=after.ladders)
            self.keep(dropped)
            return (dropped, said)
        if after.opened_at is not None and before.opened_at is None:
            return (Alarm("evidence_opened", f"{name}: skill and money are shown"),)
        return ()

    # --- restarts -------------------------------------------------------------------------------

    def snapshot(self) -> EvidenceSnapshot:
        """What waits."""
        return EvidenceSnapshot(tuple(self.seen.values()), tuple(self.decisions.values()))

    def restore(self, snapshot: EvidenceSnapshot) -> None:
        """Know what waited at the time of ``snapshot``."""
        for seen in snapshot.seen:
            self.saw(seen)
        for decision in snapshot.decisions:
            self.decided(decision)


@dataclass(frozen=True, slots=True)
class _Results:
    values: dict[str, Decimal]
    """What a contract of each market paid."""
    trade: Callable[[str], Trade | None]

    def of(self, decision: FirstDecision) -> Decimal | None:
        """Dollars that came of a decision; ``None`` while a trade of it is open."""
        if not decision.trades:
            paid = sum((leg.paid(self.values[leg.ticker]) for leg in decision.legs), ZERO)
            return paid - decision.asked
        trades = [one for name in decision.trades if (one := self.trade(name)) is not None]
        results = [one.pnl for one in trades]
        if any(one is None for one in results):
            return None
        return sum((one for one in results if one is not None), ZERO)


def first_decision(
    cell: EvidenceCell, event_ticker: str, intents: Sequence[Intent], at: datetime, *, is_sent: bool
) -> FirstDecision:
    """``intents`` as the decision of a cell on a ladder."""
    return FirstDecision(
        cell_id=cell.cell_id,
        event_ticker=event_ticker,
        climate_day=intents[0].climate_day,
        decided_at=at,
        legs=tuple(DecidedLeg(one.ticker, one.count, one.cost_limit, one.side) for one in intents),
        trades=tuple(one.trade_id for one in intents) if is_sent else (),
    )
