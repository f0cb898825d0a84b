"""A list of the exchange's, read row by row: one that cannot be read costs only itself."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from kalshi_edge.data.kalshi.fields import Payload
from kalshi_edge.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something of the exchange's that we cannot use, and why."""

    name: str
    """What it is about, where even that can be read; else empty."""
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}" if self.name else self.reason


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What was found, and what was found wanting: one bad market costs only itself."""

    found: tuple[T, ...]
    refused: tuple[Unreadable, ...]

    def __iter__(self) -> Iterator[T]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def reading(results: Iterable[T | Unreadable]) -> Reading[T]:
    """``results`` sorted by whether they can be used."""
    found: list[T] = []
    refused: list[Unreadable] = []
    for result in results:
        if isinstance(result, Unreadable):
            refused.append(result)
        else:
            found.append(result)
    return Reading(tuple(found), tuple(refused))


def read_rows(rows: Iterable[Payload], parse: Callable[[Payload], T], *names: str) -> Reading[T]:
    """Every row that ``parse`` can read; another goes by the first of the fields ``names``."""
    return reading([_read(row, parse, names) for row in rows])


def _read(row: Payload, parse: Callable[[Payload], T], names: tuple[str, ...]) -> T | Unreadable:
    try:
        return parse(row)
    except InputError as error:
        name = next((row[name] for name in names if row.get(name)), "")
        return Unreadable(str(name)[:100], str(error))
