"""What the decisions of a backtest rested on: which model, and how old forecast and quotes were."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from kalshi_edge.backtest.run import DecisionAges, Record
from kalshi_edge.domain.verdicts import CityView
from kalshi_edge.errors import InputError
from kalshi_edge.models.calibration import nbm_version


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """The last decisions before each climate day of a city by one model; ages are medians."""

    city: str | None
    """``None`` for all."""
    model: str
    """The forecast's, with its version: ``NBM 4.1``; empty for all."""
    city_days: int
    forecast_age_h: float
    """Since the model run began."""
    quotes_age_h: float | None
    """Since the books were received; ``None`` where there was none."""


@dataclass(frozen=True, slots=True)
class ModelRuns:
    """How often the history has a new run of the forecasts."""

    a_day: float
    """Runs a station and day (UTC), the median."""
    hours_utc: tuple[int, ...]
    """At which they begin."""


def decision_rows(record: Record) -> tuple[DecisionRow, ...]:
    """All decisions first, then by city and model; nothing where there was none."""
    groups: dict[tuple[str | None, str], list[DecisionAges]] = defaultdict(list)
    for key, view in sorted(record.views.items()):
        ages = record.ages.get(key)
        if ages is not None:
            groups[None, ""].append(ages)
            groups[view.city, model_name(view)].append(ages)
    order = sorted(groups, key=lambda key: (key[0] or "", key[1]))
    return tuple(_row(city, model, groups[city, model]) for city, model in order)


def model_runs(runs: Iterable[tuple[str, datetime]]) -> ModelRuns | None:
    """How often there is a run, of (station, start of the run); ``None`` without any.

    >>> from datetime import UTC
    >>> model_runs([("KNYC", datetime(2024, 3, day, 12, tzinfo=UTC)) for day in (1, 2, 3)])
    ModelRuns(a_day=1, hours_utc=(12,))
    """
    every = set(runs)
    if not every:
        return None
    a_day = Counter((station, run_at.date()) for station, run_at in every)
    return ModelRuns(median(a_day.values()), tuple(sorted({at.hour for _, at in every})))


def model_name(view: CityView) -> str:
    """The model behind a view, for the NBM with the version in force: ``NBM 4.1``."""
    if not view.model.startswith("NB"):
        return view.model
    try:
        return f"{view.model} {nbm_version(view.run_at)}"
    except InputError:
        return view.model


def _row(city: str | None, model: str, ages: list[DecisionAges]) -> DecisionRow:
    quoted = [one.quotes_h for one in ages if one.quotes_h is not None]
    return DecisionRow(
        city=city,
        model=model,
        city_days=len(ages),
        forecast_age_h=median(one.forecast_h for one in ages),
        quotes_age_h=median(quoted) if quoted else None,
    )
