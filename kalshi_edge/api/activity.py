"""A journal line in sentences for people: one for everything that happened in it."""

from collections.abc import Iterator
from decimal import Decimal

from kalshi_edge.api.schemas.status import ActivityItem, Severity
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Order, OrderState, Settlement, Side
from kalshi_edge.domain.records import DailyRecord, SeriesTerms, Switch, SwitchState, Trade
from kalshi_edge.domain.verdicts import Alarm, Approved, Refused, Verdict
from kalshi_edge.units import plain


def activity_of(entry: JournalEntry) -> list[ActivityItem]:
    """What people should hear of ``entry``, in the order of its line."""
    found = [item for event in entry.events for item in _of_event(event, entry)]
    return found + [item for verdict in entry.verdicts for item in _of_verdict(verdict, entry)]


def _of_event(event: Event, entry: JournalEntry) -> Iterator[ActivityItem]:
    # A fill is told by the stream, by statements and at every start: news is what moved a trade.
    if isinstance(event, Fill) and entry.moved_a_trade(event):
        verb = "bought" if event.side is Side.BUY else "sold"
        text = f"{verb} {plain(event.count)} at ${plain(event.price)}, fee ${plain(event.fee)}"
        yield _item(entry, "fill", text, ticker=event.ticker)
    elif isinstance(event, Settlement) and entry.moved_a_trade(event):
        yield _item(entry, "settled", f"settled at ${plain(event.value)}", ticker=event.ticker)


def _of_verdict(verdict: Verdict, entry: JournalEntry) -> Iterator[ActivityItem]:
    match verdict:
        case Approved():
            for intent in verdict.intents:
                side = "sell" if intent.side is Side.SELL else "buy"
                text = f"{side} {plain(intent.count)} at ${plain(intent.limit_price)}"
                yield _item(entry, "order", text, city=intent.city, ticker=intent.ticker)
        case Order(state=OrderState.UNKNOWN):
            text = f"no answer to an order: {verdict.reason}"
            yield _item(entry, "order", text, Severity.WARNING, ticker=verdict.intent.ticker)
        case Trade() if verdict.pnl is not None:
            text = f"closed with {_signed(verdict.pnl)}"
            yield _item(
                entry, "closed", text, city=verdict.city, ticker=verdict.ticker, amount=verdict.pnl
            )
        case Refused(subject=subject) if hasattr(subject, "command_id"):
            why = ", ".join(f"{check.rule} {check.figure}" for check in verdict.failures)
            yield _item(entry, "refused", f"{type(subject).__name__}: {why}", Severity.WARNING)
        case Switch():
            level = Severity.INFO if verdict.state is SwitchState.RUN else Severity.DANGER
            yield _item(entry, "switch", f"{verdict.state}: {verdict.reason}", level)
        case Alarm():
            yield _item(entry, "alarm", verdict.text, Severity.WARNING)
        case DailyRecord():
            text = f"{verdict.day} closed at ${plain(verdict.closing_balance)}"
            yield _item(entry, "day", text, amount=verdict.realised)
        case SeriesTerms():
            text = f"{verdict.series}: decided by {verdict.source}"
            level = Severity.INFO if verdict.accepted else Severity.WARNING
            yield _item(entry, "terms", text, level)
        case _:
            pass


def _item(
    entry: JournalEntry,
    kind: str,
    text: str,
    level: Severity = Severity.INFO,
    *,
    city: str | None = None,
    ticker: str | None = None,
    amount: Decimal | None = None,
) -> ActivityItem:
    return ActivityItem(
        seq=entry.seq,
        at=entry.received_at,
        kind=kind,
        level=level,
        text=text,
        city=city,
        ticker=ticker,
        amount=amount,
    )


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'}${plain(abs(amount))}"
