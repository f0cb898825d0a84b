"""A backtest, from settings to its record."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from kalshi_edge.backtest.forecaster_figures import ForecasterFigures, forecaster_figures
from kalshi_edge.backtest.run import Record, Request, backtest
from kalshi_edge.backtest.walk_forward import walked
from kalshi_edge.choices import ForecastModel, Sizing
from kalshi_edge.config import Settings
from kalshi_edge.data.history.days import reported_days
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import HistoryError
from kalshi_edge.trading.playbook import usual_sizing

SEED_OF_DRAWS = 0
"""Of every interval's samples."""


def backtest_request(
    settings: Settings,
    *,
    cities: tuple[str, ...],
    last_day: date,
    days: int,
    strategies: Iterable[Strategy],
    model: ForecastModel,
    sizing: Sizing | None = None,
) -> Request:
    """What ``backtest`` plays: ``days`` climate days up to and with ``last_day``.

    ``sizing`` is the model's usual one where none is named.
    """
    playbook = replace(
        settings.playbook,
        strategies=frozenset(strategies),
        model=model,
        sizing=sizing or usual_sizing(model, settings.entry),
    )
    return Request(
        history=settings.history_dir,
        cities=cities,
        first_day=last_day - timedelta(days=days - 1),
        last_day=last_day,
        playbook=playbook,
        models=settings.forecast_models,
        starting_balance=settings.starting_balance,
    )


def newest_day(history: Path, cities: Iterable[str]) -> date:
    """The last climate day whose high the history knows for every one of ``cities``.

    Raises ``HistoryError`` where it knows none of one.
    """
    last_days = {city: max(reported_days(history, city), default=None) for city in cities}
    missing = [city for city, day in last_days.items() if day is None]
    if missing:
        raise HistoryError(
            f"no history of {', '.join(missing)} in {history}: import or fetch some first"
        )
    return min(day for day in last_days.values() if day is not None)


def run_backtest(
    request: Request,
    watch: Callable[[Event], None] = lambda _: None,
    store_path: Path | str = ":memory:",
) -> Record:
    """Play ``request`` to its end."""
    return asyncio.run(backtest(request, watch, store_path))


def walk_forecasters(request: Request) -> ForecasterFigures:
    """What every model said of the days of ``request``, learning from all days before.

    Raises ``HistoryError`` where the history has no forecast with a result in them.
    """
    walks = [walked(request.history, city, request.models) for city in request.cities]
    figures = forecaster_figures(
        walks,
        request.first_day,
        request.last_day,
        SEED_OF_DRAWS,
        max_spread=float(request.playbook.gates.max_spread),
    )
    if not figures.forecast:
        raise HistoryError(
            f"no quotes and no forecasts of {', '.join(request.cities)} from {request.first_day}"
            f" to {request.last_day} in {request.history}"
        )
    return figures
