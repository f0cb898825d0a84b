"""What was stored before a class was renamed stays readable, and is stored the same today."""

import dataclasses
from pathlib import Path
from typing import Any, get_args, get_type_hints

import orjson
import pytest

from kalshi_edge.data.recording.recorder import Header, Raw
from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.db.stored_names import MEANT_BEFORE, STORED_FIELDS, STORED_KINDS
from kalshi_edge.domain.events import Command, Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Order
from kalshi_edge.domain.records import Calibration, DailyRecord, Lease, SeriesTerms, Switch, Trade
from kalshi_edge.domain.verdicts import Opportunity, Verdict
from kalshi_edge.engine import Setup
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.playbook import Limits

STORED = Path(__file__).parents[2] / "fixtures" / "stored"
SUBJECT = Opportunity | Command
OF: dict[str, Any] = {
    "event": Event,
    "verdict": Verdict,
    "subject": SUBJECT,
    "order": Order,
    "trade": Trade,
    "calibration": Calibration,
    "daily": DailyRecord,
    "terms": SeriesTerms,
    "switch": Switch,
    "lease": Lease,
    "fill": Fill,
    "setup": Setup,
    "header": Header,
    "raw": Raw,
    "line": JournalEntry,
}
LINES = [line.split(" ", 1) for line in (STORED / "kinds.txt").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("what", "line"), LINES, ids=[what for what, _ in LINES])
def test_a_record_written_before_is_read_and_written_the_same(what: str, line: str) -> None:
    value = from_json(line, OF[what])
    written = to_json(value, OF[what])
    assert from_json(written, OF[what]) == value
    assert without_later_fields(orjson.loads(written)) == without_later_fields(orjson.loads(line))


LATER = {name for fields in MEANT_BEFORE.values() for name in fields}


def without_later_fields(stored: Any) -> Any:
    if isinstance(stored, dict):
        return {k: without_later_fields(v) for k, v in stored.items() if k not in LATER}
    return [without_later_fields(one) for one in stored] if isinstance(stored, list) else stored


def test_a_field_that_came_later_means_in_old_records_what_was_so_then() -> None:
    setup = next(from_json(line, Setup) for what, line in LINES if what == "setup")
    assert setup.playbook.limits.mark_loss_share is None
    assert not setup.playbook.gates.missing_bid_is_wide
    assert from_json(to_json(Limits()), Limits) == Limits()
    assert from_json(to_json(Gates()), Gates) == Gates()


def test_every_class_that_is_stored_as_one_of_several_has_a_name_of_its_own() -> None:
    members = {kind for union in (Event, Verdict, SUBJECT) for kind in get_args(union)}
    assert set(STORED_KINDS) == members
    assert len(set(STORED_KINDS.values())) == len(STORED_KINDS)


def test_the_lines_written_before_hold_every_kind_and_field() -> None:
    """A class or field that is new since then gets an example of its own in ``kinds.txt``."""
    seen: dict[type, set[str]] = {}
    for what, line in LINES:
        _note(from_json(line, OF[what]), seen)
    assert set(STORED_KINDS) <= set(seen)
    for kind, fields in seen.items():
        assert fields == {field.name for field in dataclasses.fields(kind)}, kind
        assert set(STORED_FIELDS.get(kind, {})) <= set(get_type_hints(kind))


def _note(value: Any, seen: dict[type, set[str]]) -> None:
    """Every dataclass in ``value``, with those of its fields that are away from their default."""
    if isinstance(value, tuple | frozenset):
        for one in value:
            _note(one, seen)
    elif dataclasses.is_dataclass(value):
        fields = seen.setdefault(type(value), set())
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            if field.default is dataclasses.MISSING or held != field.default:
                fields.add(field.name)
            _note(held, seen)
