"""Domain values to JSON and back, without loss: the one form of stores, journal and history.

A value of a union carries its ``kind``, the name that ``stored_names`` gives its class. Decimals
are strings, instants ISO 8601 in UTC, durations seconds; fields at their default are left out, and
a field nobody knows is an error.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar

import orjson
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.orjson import OrjsonConverter, make_converter
from cattrs.strategies import configure_tagged_union

from kalshi_edge.db.stored_names import MEANT_BEFORE, STORED_FIELDS, stored_kind
from kalshi_edge.domain.events import Command, Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.verdicts import Approved, Check, Opportunity, Refused, Verdict
from kalshi_edge.errors import InputError

T = TypeVar("T")


def _instant(text: str, _: type) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"an instant without a zone: {text}")
    return at.astimezone(UTC)


_WRITTEN_AS_THEY_ARE = (tuple[str, ...], tuple[float, ...])
"""What ``orjson`` writes as we do."""


class _Checks:
    """Takes checks apart, each once: they are most of a journal, and a cycle's verdicts share them.

    What is known here is kept alive, so that no other check can have its identity.
    """

    MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[int, tuple[Check, dict[str, Any]]] = {}

    def __call__(self, checks: tuple[Check, ...]) -> list[dict[str, Any]]:
        if len(self._known) > self.MOST:
            self._known = {}
        known = self._known
        return [(known.get(id(one)) or self._met(one))[1] for one in checks]

    def _met(self, one: Check) -> tuple[Check, dict[str, Any]]:
        found = {"rule": one.rule, "passed": one.passed, "figure": one.figure, "limit": one.limit}
        self._known[id(one)] = one, found
        return one, found


@cache
def _converter() -> OrjsonConverter:
    """The converter, built on first use: looking at every class takes a moment."""
    converter = make_converter(
        omit_if_default=True, forbid_extra_keys=True, detailed_validation=False
    )
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_structure_hook(datetime, _instant)
    converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
    converter.register_structure_hook(timedelta, lambda seconds, _: timedelta(seconds=seconds))
    converter.register_unstructure_hook_func(_WRITTEN_AS_THEY_ARE.__contains__, lambda it: it)
    converter.register_unstructure_hook_func(lambda of: of == tuple[Check, ...], _Checks())
    # What the API shows, in its read model's snapshot.
    converter.register_unstructure_hook_func(_is_schema, lambda it: it.model_dump(mode="json"))
    converter.register_structure_hook_func(_is_schema, lambda it, of: of.model_validate(it))
    for kind in dict.fromkeys((*MEANT_BEFORE, *STORED_FIELDS)):
        _store_as_listed(converter, kind)
    for union in (Opportunity | Command, Approved | Refused, Command, Event, Verdict):
        configure_tagged_union(union, converter, tag_name="kind", tag_generator=stored_kind)
    return converter


def _is_schema(kind: Any) -> bool:
    return hasattr(kind, "model_validate")


def _store_as_listed(converter: OrjsonConverter, kind: type) -> None:
    """Give a class's fields their stored names, and those that came later their old meaning."""
    before = MEANT_BEFORE.get(kind, {})
    fields: Any = {
        field: override(rename=stored) for field, stored in STORED_FIELDS.get(kind, {}).items()
    }
    later: Any = {field: override(omit_if_default=False) for field in before}
    converter.register_unstructure_hook(
        kind,
        make_dict_unstructure_fn(kind, converter, _cattrs_omit_if_default=True, **fields, **later),
    )
    structure: Any = make_dict_structure_fn(
        kind, converter, _cattrs_forbid_extra_keys=True, **fields
    )
    converter.register_structure_hook(kind, lambda stored, of: structure({**before, **stored}, of))


def to_json(value: Any, of: Any = None) -> bytes:
    """The JSON of ``value`` on one line; ``of`` names the union it belongs to, if to any.

    >>> from kalshi_edge.domain.events import CycleDue
    >>> to_json(CycleDue(datetime(2026, 11, 22, tzinfo=UTC)), Event)
    b'{"received_at":"2026-11-22T00:00:00+00:00","kind":"CycleDue"}'
    """
    return orjson.dumps(_converter().unstructure(value, unstructure_as=of or type(value)))


def from_json(text: bytes | str, of: type[T] | Any) -> T:
    """The value that ``text`` describes; raises ``InputError`` where it describes none.

    >>> due = from_json(b'{"received_at":"2026-11-22T00:00:00+00:00","kind":"CycleDue"}', Event)
    >>> due.received_at
    datetime.datetime(2026, 11, 22, 0, 0, tzinfo=datetime.timezone.utc)
    """
    value: T = _structured(lambda: orjson.loads(text), of, text)
    return value


def line_from_json(
    text: bytes | str,
    kinds: Collection[type] | None = None,
    event_kinds: Collection[type] | None = None,
) -> JournalEntry:
    """A journal's line; where ``kinds`` are given, without verdicts of any other kind.

    Where ``event_kinds`` are, without other events but the last, from which the verdicts follow.
    Refusals are nine tenths of a journal, and most of the time that reading it takes.

    >>> at = '"2026-11-22T00:00:00+00:00"'
    >>> due, done = f'{{"received_at":{at},"kind":"CycleDue"}}', '{"kind":"Unknown"}'
    >>> text = f'{{"seq":7,"received_at":{at},"events":[{due}],"verdicts":[{done}]}}'
    >>> line_from_json(text, kinds=()).verdicts
    ()
    """

    def chosen() -> Any:
        line = orjson.loads(text)
        if kinds is not None:
            names = {stored_kind(kind) for kind in kinds}
            line["verdicts"] = [one for one in line["verdicts"] if one["kind"] in names]
        if event_kinds is not None:
            names = {stored_kind(kind) for kind in event_kinds}
            *before, last = line["events"]
            line["events"] = [*(one for one in before if one["kind"] in names), last]
        return line

    entry: JournalEntry = _structured(chosen, JournalEntry, text)
    return entry


def _structured(parsed: Callable[[], Any], of: Any, text: bytes | str) -> Any:
    try:
        return _converter().structure(parsed(), of)
    except InputError:
        raise
    except ForbiddenExtraKeysError as error:
        raise InputError(f"unknown fields {sorted(error.extra_fields)}: {text[:120]!r}") from error
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise InputError(f"not a record: {error!r} in {text[:120]!r}") from error
