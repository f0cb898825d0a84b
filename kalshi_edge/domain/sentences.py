"""What a journal line says, in sentences: the one place where a verdict becomes words for people.

The terminal, the API and notifications all read these; none of them computes anything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.domain.events import Command, Event
from kalshi_edge.domain.evidence_cells import CellBatch, StageState
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Intent, Order, OrderState, Settlement, Side
from kalshi_edge.domain.records import DailyRecord, SeriesTerms, Switch, SwitchState, Trade
from kalshi_edge.domain.verdicts import (
    Alarm,
    Approved,
    CalibrationDone,
    CancelOrder,
    Check,
    Refused,
    Verdict,
)
from kalshi_edge.units import ONE, plain


class Severity(StrEnum):
    """How much something wants to be looked at."""

    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that happened, for people to read."""

    topic: str
    """``fill``, ``order``, ``closed``, ``settled``, ``switch``, ``alarm``, ``day``, ``terms``,
    ``reports``, ``refused``, ``stage``, ``evidence``."""
    text: str
    severity: Severity = Severity.INFO
    city: str | None = None
    ticker: str | None = None
    amount: Decimal | None = None
    """Dollars won or lost, where that is what happened."""


def sentences(entry: JournalEntry) -> list[Sentence]:
    """What people should read of ``entry``, in the order of its line."""
    found = [one for event in entry.events for one in _of_event(event, entry)]
    return found + [one for verdict in entry.verdicts for one in _of_verdict(verdict)]


def refusal(command: Command, verdicts: Iterable[Verdict]) -> Refused | None:
    """The refusal of ``command`` among what was answered to it, if it was refused."""
    refused = (verdict for verdict in verdicts if isinstance(verdict, Refused))
    return next((verdict for verdict in refused if verdict.subject == command), None)


def outcome_text(command: Command, verdicts: Iterable[Verdict]) -> str:
    """What became of ``command``, by what was answered to it."""
    answered = tuple(verdicts)
    refused = refusal(command, answered)
    if refused is not None:
        return f"refused: {'; '.join(_why(check) for check in refused.failures)}"
    parts = [text for verdict in answered if (text := _outcome(verdict))]
    return "; ".join(parts) or "nothing followed"


def _of_event(event: Event, entry: JournalEntry) -> Iterator[Sentence]:
    # A fill is told by the stream, by statements and at every start: one moved a trade.
    if isinstance(event, Fill) and entry.moved_a_trade(event):
        trades = (v for v in entry.verdicts if isinstance(v, Trade) and v.ticker == event.ticker)
        is_no = any(trade.side is Side.SELL for trade in trades)
        adds = (event.side is Side.SELL) is is_no
        price = ONE - event.price if is_no else event.price
        what = f"{plain(event.count)}{' NO' if is_no else ''} at ${plain(price)}"
        text = f"{'bought' if adds else 'sold'} {what}, fee ${plain(event.fee)}"
        yield Sentence("fill", text, ticker=event.ticker)
    elif isinstance(event, Settlement) and entry.moved_a_trade(event):
        yield Sentence("settled", f"settled at ${plain(event.value)}", ticker=event.ticker)


# One arm for every kind of verdict that is worth a sentence: long, but nothing to be lost in.
def _of_verdict(  # noqa: C901, PLR0912
    verdict: Verdict,
) -> Iterator[Sentence]:
    match verdict:
        case Approved():
            for intent in verdict.intents:
                yield Sentence("order", _order_text(intent), city=intent.city, ticker=intent.ticker)
        case Order(state=OrderState.UNKNOWN):
            text = f"no answer to an order: {verdict.reason}"
            yield Sentence("order", text, Severity.WARNING, ticker=verdict.intent.ticker)
        case Trade() if verdict.pnl is not None:
            text, where = f"closed with {_signed(verdict.pnl)}", (verdict.city, verdict.ticker)
            yield Sentence("closed", text, Severity.INFO, *where, verdict.pnl)
        case Refused(subject=subject) if hasattr(subject, "command_id"):
            why = ", ".join(f"{check.rule} {check.figure}" for check in verdict.failures)
            yield Sentence("refused", f"{type(subject).__name__}: {why}", Severity.WARNING)
        case Switch():
            halted = verdict.state is not SwitchState.RUN
            severity = Severity.DANGER if halted else Severity.INFO
            yield Sentence("switch", f"{verdict.state}: {verdict.reason}", severity)
        case Alarm():
            yield Sentence("alarm", verdict.text, Severity.WARNING)
        case DailyRecord():
            text = f"{verdict.day} closed at ${plain(verdict.closing_balance)}"
            yield Sentence("day", text, amount=verdict.realised)
        case SeriesTerms():
            text = f"{verdict.series}: decided by {verdict.source}"
            yield Sentence("terms", text, Severity.INFO if verdict.accepted else Severity.WARNING)
        case StageState():
            severity = Severity.WARNING if verdict.is_override else Severity.INFO
            yield Sentence("stage", stage_text(verdict), severity)
        case CellBatch():
            text = f"{len(verdict.cells)} cells registered in batch {verdict.number}"
            yield Sentence("evidence", text)
        case CalibrationDone(missing=missing) if missing:
            yield Sentence("reports", f"final reports not out yet: {', '.join(missing)}")
        case _:
            pass


def stage_text(state: StageState) -> str:
    """How far a live cell may go now, and who said so.

    >>> from datetime import UTC, datetime
    >>> from kalshi_edge.domain.evidence_cells import Stage
    >>> at = datetime(2026, 11, 22, tzinfo=UTC)
    >>> stage_text(StageState("0a1b2c3d4e", Stage.ONE_CONTRACT, at, reason="the edge is gone"))
    'cell 0a1b2c3d is at one contract, by itself: the edge is gone'
    """
    stage = state.stage.replace("_", " ")
    beyond = ", beyond its evidence" if state.is_override else ""
    reason = f": {state.reason}" if state.reason else ""
    return f"cell {state.cell_id[:8]} is at {stage}{beyond}, by {state.by or 'itself'}{reason}"


def _outcome(verdict: Verdict) -> str:
    match verdict:
        case StageState():
            return stage_text(verdict)
        case Approved(opportunity=None):
            return ", ".join(
                _order_text(intent, of=f" {intent.ticker}") for intent in verdict.intents
            )
        case CancelOrder():
            return f"cancel order {verdict.intent_id}"
        case Switch():
            return f"kill switch {verdict.state}: {verdict.reason}"
        case SeriesTerms():
            return f"{verdict.series} accepted as it stands"
        case _:
            return ""


def _order_text(intent: Intent, of: str = "") -> str:
    """What an order does, at its own side's price: YES is not named, NO is."""
    verb, count = "sell" if intent.reduces else "buy", plain(intent.count)
    if (intent.side is Side.BUY) is not intent.reduces:
        return f"{verb} {count}{of} at ${plain(intent.limit_price)}"
    return f"{verb} {count} NO{of} at ${plain(ONE - intent.limit_price)}"


def _why(check: Check) -> str:
    return f"{check.rule} is {check.figure}, must be {check.limit}"


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'}${plain(abs(amount))}"
