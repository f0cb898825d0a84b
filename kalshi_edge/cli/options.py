"""Values of options that several commands share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kalshi_edge.domain.weather import Station


def stations_named(cities: Iterable[str] | None) -> "list[Station]":
    """The stations of a repeatable option's cities, each value one city or several with commas."""
    from kalshi_edge.data.weather.stations import station_of

    return [station_of(name.strip()) for group in cities or () for name in group.split(",")]
