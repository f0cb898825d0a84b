"""Our forecasts beside what the market knew the evening before, from a history."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kalshi_edge.backtest.evening import Evening, evening
from kalshi_edge.backtest.walk_forward import walked
from kalshi_edge.data.history.benchmarks import trade_averages
from kalshi_edge.data.history.import_archive import event_of
from kalshi_edge.data.history.records import cities_in, read_city
from kalshi_edge.data.kalshi.market_wire import parse_event_ticker
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.errors import HistoryError
from kalshi_edge.operations.backtest import SEED_OF_DRAWS


def evening_figures(
    history: Path,
    models: tuple[str, ...],
    cities: Sequence[str] = (),
    first_day: date = date.min,
    last_day: date = date.max,
) -> Evening:
    """The figures of the climate days between two, of all cities with trade averages by default.

    ``models`` are the seed's. Raises ``HistoryError`` where there is no average.
    """
    named = cities or cities_in(history)
    averages = [
        one
        for city in named
        for one in trade_averages(history, city)
        if first_day <= parse_event_ticker(event_of(one.ticker))[1] <= last_day
    ]
    if not averages:
        raise HistoryError(
            f"no trade averages of {', '.join(named) or 'any city'} in {history}: they come with"
            " an archive (kalshi-edge history import)"
        )
    wanted = sorted({parse_event_ticker(event_of(one.ticker))[0].city for one in averages})
    paid, forecasts = {}, {}
    for city in wanted:
        records = read_city(history, city)
        paid.update({one.ticker: one.value for one in records if isinstance(one, Settlement)})
        for day in walked(history, city, models).days:
            forecasts[city, day.climate_day] = day.forecasts
    return evening(averages, paid, forecasts, SEED_OF_DRAWS)
