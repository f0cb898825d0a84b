"""Requests and answers between the network's edge and the exchange's rules, and how lists page.

A cursor names the last item seen, so that new items never shift a page; one that cannot be read
is taken for none, as the exchange does. Lists are newest first.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

import orjson

from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.errors import Refusal, bad_request

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, past the edge."""

    method: str
    path: str
    path_params: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    account: Account | None = None
    """Whose key signed it, if any."""

    @property
    def member(self) -> Account:
        """Who asks; ``Refusal`` 401 where nobody signed."""
        if self.account is None:
            raise Refusal(401, "authentication_error", "missing API key headers")
        return self.account

    def text(self, name: str) -> str | None:
        """A query parameter; an empty one counts as absent."""
        return next((value for key, value in self.query if key == name and value), None)

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a parameter that is repeated or has commas."""
        values = (value for key, value in self.query if key in (name, f"{name}[]"))
        return tuple(part for value in values for part in value.split(",") if part)

    def flag(self, name: str) -> bool:
        """A boolean parameter, false where absent."""
        word = (self.text(name) or "false").lower()
        if word not in {"true", "false", "1", "0"}:
            raise bad_request(f"{name} must be true or false, not {word!r}")
        return word in {"true", "1"}

    def number(
        self, name: str, default: int, lowest: int | None = None, highest: int | None = None
    ) -> int:
        """An integer parameter within its limits."""
        found = self.optional_number(name)
        value = default if found is None else found
        if (lowest is not None and value < lowest) or (highest is not None and value > highest):
            raise bad_request(f"{name} must be from {lowest} to {highest}, not {value}")
        return value

    def optional_number(self, name: str) -> int | None:
        """An integer parameter, if it is there."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f"{name} must be an integer, not {text!r}") from None

    def needed_number(self, name: str) -> int:
        """An integer parameter that must be there."""
        value = self.optional_number(name)
        if value is None:
            raise bad_request(f"{name} is required")
        return value

    def instant(self, name: str) -> datetime | None:
        """A parameter in Unix seconds."""
        seconds = self.optional_number(name)
        try:
            return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            raise bad_request(f"{name} is no instant: {seconds}") from None

    def word(self, name: str, allowed: Iterable[str]) -> str | None:
        """A parameter out of a list of words."""
        value = self.text(name)
        words = tuple(allowed)
        if value is not None and value not in words:
            raise bad_request(f"{name} must be one of {', '.join(words)}, not {value!r}")
        return value

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise bad_request(f"the body is no JSON: {error}") from None
        if not isinstance(body, dict):
            raise bad_request("the body must be a JSON object")
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; ``None`` for a body is no body at all."""

    body: Any
    status: int = 200


def within(at: datetime, after: datetime | None, before: datetime | None) -> bool:
    """Whether an instant lies within optional bounds, both included."""
    return (after is None or at >= after) and (before is None or at <= before)


def page(
    call: Call,
    items: Iterable[Item],
    key: Callable[[Item], int],
    *,
    limit: int = 100,
    highest: int = 1000,
    lowest: int = 1,
) -> tuple[list[Item], str]:
    """One page of ``items``, which come in falling order of ``key``, and the next page's cursor.

    The cursor is empty on the last page. Raises ``Refusal`` for a limit out of bounds.
    """
    count = call.number("limit", limit, lowest, highest) or limit
    last = cursor_key(call.text("cursor"))
    rest = items if last is None else (item for item in items if key(item) < last)
    found = list(islice(rest, count + 1))
    if len(found) <= count:
        return found, ""
    return found[:count], cursor_of(key(found[count - 1]))


def cursor_of(key: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"k{key}".encode()).decode()


def cursor_key(cursor: str | None) -> int | None:
    """The key in a cursor; ``None`` for none and for garbage.

    >>> cursor_key(cursor_of(42)), cursor_key("garbage")
    (42, None)
    """
    try:
        text = base64.urlsafe_b64decode(cursor or "").decode()
        return int(text[1:]) if text[:1] == "k" else None
    except (binascii.Error, ValueError):
        return None
