"""How cycles and settlements become evidence, for the traded model and those in its shadow."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.events import SetStage
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    EvidenceCell,
    FirstDecision,
    SeenLadder,
    Stage,
    StageState,
)
from kalshi_edge.domain.orders import Intent, Strategy
from kalshi_edge.domain.records import Switch, SwitchState
from kalshi_edge.domain.verdicts import Alarm, Approved, Check, Refused, Verdict
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import promoted, shown_of
from kalshi_edge.learning.evidence_ledger import (
    EvidenceVerdicts,
    first_decision,
)
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.decision import best_entry
from kalshi_edge.trading.ladder_models import OWN
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.situation import Situation
from kalshi_edge.trading.stages import NO_ORDERS

LIVE = "live"
_NEED_AN_EDGE = {Strategy.SINGLE, Strategy.BRACKET}
ENTRY_LEADS = (Lead.AHEAD, Lead.EVE, Lead.NIGHT, Lead.MORNING)
"""Later in the day nothing is entered."""


def registered(core: Core, at: datetime) -> list[CellBatch]:
    """The cells that gather evidence from now on, written down before they start."""
    cities = tuple(station.city for station in core.state.stations)
    is_live = core.account.tracker.mode == LIVE
    return core.evidence.register(wanted_cells(cities, core.playbook, is_live=is_live), at)


def stage_of(core: Core, outlook: Outlook, strategy: Strategy) -> Stage:
    """How far a strategy may go on a ladder now; only live money is limited by evidence."""
    if core.account.tracker.mode != LIVE or outlook.models is None:
        return Stage.FULL
    gates = core.evidence.gates_of(outlook.ladder.station.city, outlook.models.lead)
    stages = (
        core.evidence.stage_of(gate).stage
        for gate in gates
        if gate.cell.is_live and gate.cell.strategy is strategy
        if gate.cell.model is core.playbook.model
        if gate.cell.rule == rule_text(core.playbook, strategy)
    )
    return next(stages, Stage.ONE_CONTRACT)


def gathered(
    core: Core,
    outlooks: Sequence[Outlook],
    approved: Iterable[Approved],
    situation: Situation,
    at: datetime,
) -> list[SeenLadder | FirstDecision]:
    """What a cycle leaves for its ladders' settlement: what was seen, and each first decision."""
    sent = {
        (intent.city, intent.climate_day, intent.strategy): one.intents
        for one in reversed(list(approved))
        for intent in one.intents[:1]
    }
    found: list[SeenLadder | FirstDecision] = []
    for outlook in outlooks:
        if outlook.models is None:
            continue
        cells = _cells_of(core, outlook)
        found += _seen(core, outlook, at) if cells else ()
        shadows: dict[ForecastModel, Outlook | None] = {}
        for cell in cells:
            event = outlook.ladder.event_ticker
            if core.evidence.has_decided(cell, event):
                continue
            key = cell.city, outlook.ladder.climate_day, cell.strategy
            intents = sent.get(key, ()) if cell.model is core.playbook.model else ()
            is_sent = bool(intents)
            if not intents and _is_shadow(core, outlook, cell):
                if cell.model not in shadows:
                    shadows[cell.model] = _as_traded_by(outlook, cell.model)
                intents = _shadow(core, shadows[cell.model], cell, situation)
            if intents:
                decision = first_decision(cell, event, intents, at, is_sent=is_sent)
                core.evidence.decided(decision)
                found.append(decision)
    return found


def settled(core: Core, ticker: str, at: datetime) -> EvidenceVerdicts:
    """The evidence of a market's ladder, where all of it is settled."""
    ladder = core.state.ladder_of(ticker)
    if ladder is None:
        return ()
    return core.evidence.settle(ladder, core.state.settled, core.account.tracker.trades.get, at)


def staged(core: Core, command: SetStage) -> tuple[Verdict, ...]:
    """A person's word on how far a live cell may go: one stage up where it is earned, or down."""
    gate, at = core.evidence.gates.get(command.cell_id), command.received_at
    if gate is None or not gate.cell.is_live:
        return (_unstaged(command, command.cell_id or "none", "a live cell"),)
    before = core.evidence.stage_of(gate)
    order = list(Stage)
    steps = order.index(command.stage) - order.index(before.stage)
    state = core.evidence.state_of(gate)
    if steps < 0:
        after = StageState(before.cell_id, command.stage, at, command.by, command.reason)
    elif steps != 1:
        return (_unstaged(command, f"{before.stage} to {command.stage}", "one stage up, or down"),)
    else:
        try:
            after = promoted(
                before,
                shown_of(gate, state, before),
                by=command.by,
                reason=command.reason,
                at=at,
                override=command.is_override,
            )
        except InputError as error:
            return (_unstaged(command, str(error), "evidence, or an override with a reason"),)
    after = replace(after, ladders=state.ladders)
    core.evidence.keep(after)
    if not after.is_override:
        return (after,)
    cell = gate.cell
    text = f"{cell.city} {cell.lead} {cell.strategy}: {after.stage} beyond the evidence, by"
    return (after, Alarm("stage_override", f"{text} {after.by}: {after.reason}"))


def _unstaged(command: SetStage, figure: str, limit: str) -> Refused:
    return Refused(command, (Check("stage", False, figure, limit),))


def _seen(core: Core, outlook: Outlook, at: datetime) -> tuple[SeenLadder, ...]:
    models = outlook.models
    if models is None or models.posterior is None or models.issued is None:
        return ()
    station, day = outlook.ladder.station, outlook.ladder.climate_day
    received = [outlook.books[market.ticker].received_at for market in outlook.ladder.markets]
    received += [one.received_at for one in core.state.forecasts_of(station, day).values()]
    seen = SeenLadder(
        event_ticker=outlook.ladder.event_ticker,
        city=station.city,
        climate_day=day,
        lead=models.lead,
        seen_at=at,
        informed_at=max(received),
        mid=models.posterior.mid,
        said=tuple(models.fair.items()),
    )
    core.evidence.saw(seen)
    return (seen,)


def _cells_of(core: Core, outlook: Outlook) -> list[EvidenceCell]:
    if outlook.models is None:
        return []
    playbook = core.playbook
    is_live = core.account.tracker.mode == LIVE
    return [
        gate.cell
        for gate in core.evidence.gates_of(outlook.ladder.station.city, outlook.models.lead)
        if gate.cell.strategy in playbook.strategies_of(gate.cell.model)
        if gate.cell.rule == rule_text(playbook, gate.cell.strategy)
        if gate.cell.is_live == (is_live and gate.cell.model is core.playbook.model)
    ]


def _is_shadow(core: Core, outlook: Outlook, cell: EvidenceCell) -> bool:
    """Whether a cell's orders are written and not sent."""
    if cell.model is not core.playbook.model:
        return True
    return stage_of(core, outlook, cell.strategy) in NO_ORDERS


def _shadow(
    core: Core, seen: Outlook | None, cell: EvidenceCell, situation: Situation
) -> tuple[Intent, ...]:
    """The orders that a model would send for a strategy, in an account that holds nothing."""
    if core.playbook.quoting is not None:
        return ()  # whether a quote that nobody posts would have been taken, nobody knows
    if seen is None or not all(check.passed for check in seen.checks):
        return ()
    if cell.strategy in _NEED_AN_EDGE and not seen.has_edge:
        return ()
    at, bankroll = situation.at, situation.bankroll
    alone = Situation(at, Switch(SwitchState.RUN, "", at), bankroll, bankroll, {}, {})
    return best_entry(seen, alone, core.playbook, core.account.tracker.mode, cell.strategy)


def _as_traded_by(outlook: Outlook, model: ForecastModel) -> Outlook | None:
    """The outlook where ``model`` is the one that is traded; ``None`` where it says nothing."""
    models = outlook.models
    if models is None or model not in models.fair:
        return None
    return replace(outlook, distribution=models.own[OWN[model]], said=models.fair[model])


@lru_cache(maxsize=8)
def wanted_cells(
    cities: tuple[str, ...], playbook: Playbook, *, is_live: bool
) -> tuple[tuple[EvidenceCell, ...], ...]:
    """The cells of each model, those of the traded one first: it has most of the chance to open."""
    if playbook.model is None:
        return ()
    models = sorted(ForecastModel, key=lambda model: model is not playbook.model)
    return tuple(
        tuple(
            EvidenceCell(
                city,
                lead,
                strategy,
                model,
                is_live and model is playbook.model,
                rule_text(playbook, strategy),
            )
            for city, lead, strategy in product(
                cities, ENTRY_LEADS, sorted(playbook.strategies_of(model))
            )
        )
        for model in models
    )


@lru_cache(maxsize=16)
def rule_text(playbook: Playbook, strategy: Strategy) -> str:
    """Gates and limits as text: whoever changes one begins another rule, and other cells."""
    groups: tuple[Any, ...] = (playbook.gates, playbook.limits)
    if strategy is Strategy.LONGSHOT:
        groups += (playbook.longshot,)
    groups += () if playbook.quoting is None else (playbook.quoting,)
    named = ((one.name, getattr(group, one.name)) for group in groups for one in fields(group))
    return " ".join(f"{name}={_word(value)}" for name, value in named)


def _word(value: object) -> str:
    """The same for the same figure, however it is written."""
    match value:
        case bool() | None | str():
            return str(value)
        case int() | float() | Decimal():
            return f"{Decimal(str(value)).normalize():f}"
        case timedelta():
            return f"{value.total_seconds():g}s"
        case _:
            return str(value)
