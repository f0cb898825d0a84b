"""Values of options that several commands share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kalshi_edge.choices import ForecastModel, Sizing
from kalshi_edge.errors import InputError

if TYPE_CHECKING:
    from kalshi_edge.domain.weather import Station


def stations_named(cities: Iterable[str] | None) -> "list[Station]":
    """The stations of a repeatable option's cities, each value one city or several with commas."""
    from kalshi_edge.data.weather.stations import station_of

    return [station_of(name) for name in names_in(cities)]


def models_named(models: Iterable[str] | None) -> tuple[ForecastModel, ...]:
    """The models of a repeatable option, each value one model or several with commas."""
    known = [str(model) for model in ForecastModel]
    for name in names_in(models):
        if name not in known:
            raise InputError(f"no model {name}; known: {', '.join(known)}")
    return tuple(ForecastModel(name) for name in names_in(models))


def sizings_named(names: Iterable[str] | None) -> tuple[Sizing, ...]:
    """The sizings of a repeatable option, each value one or several with commas."""
    known = [str(sizing) for sizing in Sizing]
    for name in names_in(names):
        if name not in known:
            raise InputError(f"no sizing {name}; known: {', '.join(known)}")
    return tuple(Sizing(name) for name in names_in(names))


def names_in(groups: Iterable[str] | None) -> tuple[str, ...]:
    """The names in a repeatable option, each value one name or several with commas; each once.

    >>> names_in(["seed,emos", " seed"])
    ('seed', 'emos')
    """
    names = (name.strip() for group in groups or () for name in group.split(","))
    return tuple(dict.fromkeys(names))
