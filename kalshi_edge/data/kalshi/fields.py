"""The fields of a decoded JSON object, each read as what it must be or refused by name.

Unknown fields are never looked at; a missing one is a ``ContractError``, never a ``KeyError``.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias, TypeVar

from kalshi_edge.errors import ContractError
from kalshi_edge.units import CENT, decimal_of

Payload: TypeAlias = Mapping[str, Any]
_Choice = TypeVar("_Choice", bound=StrEnum)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_json(text: bytes | str) -> Payload:
    """A JSON object with its fractions exact; ``ContractError`` for anything else.

    >>> parse_json('{"fee_multiplier": 0.1, "price": "0.4100"}')
    {'fee_multiplier': Decimal('0.1'), 'price': '0.4100'}
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ContractError(f"JSON must be an object, not {value!r:.80}")
    return value


def parse_instant(text: str) -> datetime:
    """The instant of an RFC 3339 text in UTC, with up to six digits of a second.

    >>> parse_instant("2026-09-04T20:51:07.84776Z").microsecond
    847760
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ContractError(f"no instant {text!r}") from None
    if at.tzinfo is None:
        raise ContractError(f"an instant without a zone: {text!r}")
    return at


def object_field(payload: Payload, name: str) -> Payload:
    """An object; ``ContractError`` where it is missing."""
    value = payload.get(name)
    if not isinstance(value, Mapping):
        raise ContractError(f"{name} must be an object, not {value!r}")
    return value


def rows(payload: Payload, name: str) -> list[Payload]:
    """A list as it comes, ``null`` for an empty one; what is no object in it is kept as one.

    Raises ``ContractError`` where there is no such list: each row is for its reader to judge.

    >>> rows({"orders": None}, "orders"), rows({"orders": [7]}, "orders")
    ([], [{'not an object': 7}])
    """
    if name not in payload:
        raise ContractError(f"no {name}")
    values = payload[name] or []
    if not isinstance(values, list):
        raise ContractError(f"{name} must be a list")
    return [one if isinstance(one, Mapping) else {"not an object": one} for one in values]


def object_list(payload: Payload, name: str) -> list[Payload]:
    """A list of objects, which may be empty; ``null`` is an empty one."""
    values = payload.get(name, ...)
    if values is None:
        return []
    if not isinstance(values, list):
        raise ContractError(f"no {name}" if values is ... else f"{name} must be a list")
    if not all(isinstance(value, Mapping) for value in values):
        raise ContractError(f"{name} must be objects: {values!r}")
    return values


def some_objects(payload: Payload, name: str) -> list[Payload]:
    """A list of objects with something in it."""
    values = object_list(payload, name)
    if not values:
        raise ContractError(f"no {name}")
    return values


def text_field(payload: Payload, name: str) -> str:
    """A text; an empty one is a text too."""
    value = payload.get(name)
    if not isinstance(value, str):
        raise ContractError(f"no {name}" if value is None else f"{name} must be text: {value!r}")
    return value


def optional_text(payload: Payload, name: str) -> str:
    """A text; empty where there is none."""
    return "" if payload.get(name) is None else text_field(payload, name)


def decimal_field(payload: Payload, name: str) -> Decimal:
    """Dollars or contracts, written as a plain decimal string."""
    return decimal_of(payload.get(name), name=name)


def cents_field(payload: Payload, name: str) -> Decimal | None:
    """Dollars of a figure in cents, a JSON number or a plain decimal string; ``None`` for null.

    >>> cents_field({"value": 37}, "value"), cents_field({"value": "37.25"}, "value")
    (Decimal('0.37'), Decimal('0.3725'))
    """
    figure = payload.get(name)
    if isinstance(figure, int | float | Decimal) and not isinstance(figure, bool):
        figure = f"{Decimal(str(figure)):f}"
    return None if figure is None else decimal_of(figure, name=name) * CENT


def needed_cents(payload: Payload, name: str) -> Decimal:
    """As ``cents_field``; ``ContractError`` where there is none."""
    amount = cents_field(payload, name)
    if amount is None:
        raise ContractError(f"no {name}")
    return amount


def flag_field(payload: Payload, name: str) -> bool:
    """A ``true`` or ``false``."""
    value = payload.get(name)
    if not isinstance(value, bool):
        raise ContractError(f"{name} must be true or false, not {value!r}")
    return value


def instant_field(payload: Payload, name: str) -> datetime:
    """An instant written in RFC 3339."""
    return parse_instant(text_field(payload, name))


def optional_instant(payload: Payload, name: str) -> datetime | None:
    """An instant written in RFC 3339; ``None`` where there is none."""
    return None if payload.get(name) is None else instant_field(payload, name)


def instant_of_ms(unix_ms: object) -> datetime | None:
    """The instant of a Unix time in milliseconds; ``None`` where that is no whole number.

    >>> instant_of_ms(1669149841000).isoformat()
    '2022-11-22T20:44:01+00:00'
    """
    if not isinstance(unix_ms, int) or isinstance(unix_ms, bool):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=unix_ms)
    except OverflowError:
        raise ContractError(f"no instant {unix_ms} ms") from None


def instant_of_s(unix_s: int | None) -> datetime | None:
    """The instant of a Unix time in seconds; ``None`` where there is none."""
    return None if unix_s is None else instant_of_ms(unix_s * 1000)


def unix_ms(at: datetime) -> int:
    """The Unix time of an instant in whole milliseconds, rounded down.

    >>> unix_ms(datetime(2022, 11, 22, 20, 44, 1, 999, tzinfo=UTC))
    1669149841000
    """
    return (at - _EPOCH) // timedelta(milliseconds=1)


def unix_s(at: datetime) -> int:
    """The Unix time of an instant in whole seconds, rounded down."""
    return (at - _EPOCH) // timedelta(seconds=1)


def optional_whole(name: str, value: object) -> int | None:
    """``value`` as a whole number; ``None`` where there is none, an error for a fraction."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool) or not isinstance(value, float | Decimal):
        raise ContractError(f"{name} must be a number, not {value!r}")
    if not float(value).is_integer():
        raise ContractError(f"{name} must be whole, not {value}")
    return int(value)


def whole_field(payload: Payload, name: str) -> int:
    """A whole number; ``ContractError`` where there is none."""
    value = optional_whole(name, payload.get(name))
    if value is None:
        raise ContractError(f"no {name}")
    return value


def known_word(kind: type[_Choice], text: str, otherwise: _Choice) -> _Choice:
    """The member of ``kind`` spelt ``text``, or ``otherwise`` for a word that is new to us."""
    try:
        return kind(text)
    except ValueError:
        return otherwise


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
