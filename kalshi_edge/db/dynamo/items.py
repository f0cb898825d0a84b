"""Which item each record is: pure, from records to writes and back.

The body is the record's JSON, as in every store; beside it stand the keys and what people look
for. In the journal's table ``pk`` says what an item is: ``state`` (head, switch), ``note``,
``terms``, ``current#`` and a kind, ``order``, ``live``, ``fill``, ``line``, ``snapshot`` or a
``part`` of what is too long.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kalshi_edge.db.codec import to_json
from kalshi_edge.db.current import subject_of
from kalshi_edge.db.dynamo.config import Keep
from kalshi_edge.db.dynamo.writes import Deed, Item, Write, blob, number, text
from kalshi_edge.db.stored_names import stored_kind
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Order, derived_id
from kalshi_edge.domain.records import Calibration, DailyRecord, SeriesTerms, Switch, Trade

TRADES, CALIBRATION, DAILY, JOURNAL = "trades", "calibration", "daily-pnl", "journal"
BY_CITY_AND_DATE = "city-and-date"
TTL = "delete_after"
"""Seconds since 1970 after which DynamoDB may delete an item."""

PART_BYTES = 300_000
"""An item may have 400 KB."""

KEEP_SNAPSHOT = timedelta(days=90)
"""A trader that comes back later reads its journal."""

SWITCH = {"pk": text("state"), "sk": text("switch")}


def key(pk: str, sk: str) -> dict[str, Any]:
    """The key of an item in the journal's table."""
    return {"pk": text(pk), "sk": text(sk)}


def current_key(kind: type) -> str:
    """Under what the newest records of a kind stand."""
    return f"current#{stored_kind(kind)}"


def line_key(seq: int) -> dict[str, Any]:
    """The key of a journal line."""
    return key("line", f"{max(seq, 0):012d}")


def body_text(record: object) -> dict[str, Any]:
    """The record's JSON as an attribute."""
    return text(to_json(record).decode())


def until(at: datetime, keep: timedelta) -> dict[str, Any]:
    """When an item of instant ``at`` may go."""
    return number(int((at + keep).timestamp()))


def line_parts(entry: JournalEntry, keep: Keep) -> tuple[Write, Sequence[Item]]:
    """A line's own item, and the parts that must be there before it where one item is too small.

    Parts are named after what they hold: two writers of one number never mix theirs.
    """
    packed = zlib.compress(to_json(entry), level=6)
    attributes = {
        "received_at": text(entry.received_at.isoformat()),
        TTL: until(entry.received_at, keep.journal),
    }
    if len(packed) <= PART_BYTES:
        return Write(JOURNAL, line_key(entry.seq), attributes | {"body": blob(packed)}), ()
    where, parts = _in_parts(f"part#{entry.seq:012d}", packed, attributes[TTL])
    return Write(JOURNAL, line_key(entry.seq), attributes | where), parts


def snapshot_parts(name: str, body: bytes, at: datetime) -> tuple[Write, Sequence[Item]]:
    """The item that says which snapshot counts, and the parts that must be there before it does.

    Parts that no item leads to any more, as where a process died in between, go by themselves.
    """
    where, parts = _in_parts(f"part#snapshot#{name}", body, until(at, KEEP_SNAPSHOT))
    return Write(JOURNAL, key("snapshot", name), where), parts


def _in_parts(prefix: str, packed: bytes, expiry: Any) -> tuple[dict[str, Any], Sequence[Item]]:
    """Where ``packed`` is found, and the items that hold it."""
    pieces = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    name = f"{prefix}#{derived_id(packed.hex())}"
    parts = [
        key(name, f"{n:04d}") | {"body": blob(piece), TTL: expiry} for n, piece in enumerate(pieces)
    ]
    return {"parts": text(name), "part_count": number(len(pieces))}, parts


def record_writes(entry: JournalEntry, mode: str, keep: Keep) -> list[Write]:
    """What a line's fills and records write, each item once: of the same, the last told counts."""
    last: dict[tuple[object, ...], Write] = {}
    for write in _writes(entry, mode, keep):
        before = last.pop(write.place, None)
        last[write.place] = replace(write, first=before.first) if before else write
    return list(last.values())


def order_writes(order: Order, keep: Keep) -> Iterator[Write]:
    """How far an order has come, and whether it is among the live ones."""
    intent = order.intent
    yield Write(
        JOURNAL,
        key("order", intent.intent_id),
        {"body": body_text(order), "state": text(order.state)},
        condition="attribute_exists(#pk)",
    )
    expiry = {TTL: until(intent.created_at, keep.audit)}
    live = Write(JOURNAL, key("live", intent.intent_id), expiry)
    yield live if order.is_live else replace(live, values={}, deed=Deed.DELETE)


def new_order_writes(order: Order, placed: str, keep: Keep) -> Iterator[Write]:
    """A new order's items; ``placed`` sorts it among the others."""
    saved, live = order_writes(order, keep)
    attributes = {"placed": text(placed), TTL: until(order.intent.created_at, keep.audit)}
    yield replace(
        saved, values={**saved.values, **attributes}, condition="attribute_not_exists(#pk)"
    )
    if order.is_live:
        yield live


def _writes(entry: JournalEntry, mode: str, keep: Keep) -> Iterable[Write]:
    for event in entry.events:
        if isinstance(event, Fill):
            yield Write(
                JOURNAL,
                key("fill", event.fill_id),
                {"body": body_text(event), TTL: until(event.received_at, keep.audit)},
            )
    expiry = {TTL: until(entry.received_at, keep.audit)}
    for place, verdict in enumerate(entry.verdicts):
        at = f"{entry.seq:012d}#{place:05d}"
        match verdict:
            case Order():
                yield from order_writes(verdict, keep)
            case Trade():
                yield _trade(verdict, mode, at, expiry)
            case Calibration():
                yield Write(
                    CALIBRATION,
                    {"mode": text(mode), "sk": text(f"{verdict.city}#{at}")},
                    {"body": body_text(verdict), "number": text(at), **expiry},
                )
            case DailyRecord():
                yield Write(
                    DAILY,
                    {"mode": text(mode), "day": text(verdict.day.isoformat())},
                    {"body": body_text(verdict), "realised": number(verdict.realised), **expiry},
                )
            case SeriesTerms():
                yield Write(JOURNAL, key("terms", verdict.series), {"body": body_text(verdict)})
            case Switch():
                yield Write(JOURNAL, SWITCH, {"body": body_text(verdict)})
            case _:
                yield from _current(verdict)


def _current(verdict: object) -> Iterator[Write]:
    """The other verdicts live in the journal alone, or the newest of a subject beside it."""
    subject = subject_of(verdict)
    if subject is not None:
        yield Write(JOURNAL, key(current_key(type(verdict)), subject), {"body": body_text(verdict)})


def _trade(trade: Trade, mode: str, at: str, expiry: Item) -> Write:
    optional = {
        "bracket_id": None if trade.bracket_id is None else text(trade.bracket_id),
        "pnl": None if trade.pnl is None else number(trade.pnl),
    }
    return Write(
        TRADES,
        {"mode": text(mode), "trade_id": text(trade.trade_id)},
        {
            "body": body_text(trade),
            "city": text(trade.city),
            "climate_day": text(trade.climate_day.isoformat()),
            "strategy": text(trade.strategy),
            "ticker": text(trade.ticker),
            "open_count": number(trade.open_count),
            "paid": number(trade.paid),
            "fees": number(trade.fees),
            **{name: value for name, value in optional.items() if value is not None},
            **expiry,
        },
        first={"number": text(at)},
        removed=tuple(name for name, value in optional.items() if value is None),
    )
