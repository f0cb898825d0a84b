"""Values of options that several commands share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kalshi_edge.domain.weather import Station


def stations_named(cities: Iterable[str] | None) -> "list[Station]":
    """The stations of a repeatable option's cities, each value one city or several with commas."""
    from kalshi_edge.data.weather.stations import station_of

    return [station_of(name) for name in names_in(cities)]


def names_in(groups: Iterable[str] | None) -> tuple[str, ...]:
    """The names in a repeatable option, each value one name or several with commas; each once.

    >>> names_in(["seed,emos", " seed"])
    ('seed', 'emos')
    """
    names = (name.strip() for group in groups or () for name in group.split(","))
    return tuple(dict.fromkeys(names))
