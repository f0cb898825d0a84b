"""What an event means for the beliefs that quotes rest on."""

from collections.abc import Callable

from kalshi_edge.domain.events import CancelRequest, Event, Started
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill, Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.quoting.mark_outs import taken
from kalshi_edge.trading.quoting.quote import is_quote
from kalshi_edge.trading.quoting.quote_state import QuoteState
from kalshi_edge.trading.state import REFERENCE


def noted(core: Core, event: Event) -> None:
    """Take in what an event means for the beliefs that quotes rest on; nothing follows from it.

    Of books only when the newest came: they may be left out of a replay.
    """
    if core.playbook.quoting is None:
        return
    memory = core.quotes
    match event:
        case Started():
            core.quotes = QuoteState(live=_resting(core))
        case Book():
            memory.heard_at = event.received_at
        case Fill():
            taken(core, event)
        case CancelRequest():
            _cancelled(core, event)
        case Settlement() | Forecast() | Observation() | ClimateReport():
            memory.calm = {}  # what is learned of it may move a posterior
            _of_weather(core, event)
        case Ladder():
            known = memory.beliefs.get(event.event_ticker)
            if known is not None and not _is_same(known.outlook.ladder, event):
                _forget(core, event.event_ticker)
        case _:
            pass


def _cancelled(core: Core, event: CancelRequest) -> None:
    """What a person takes out is not quoted until a cycle decides again."""
    for order in core.account.structure(event.order):
        core.quotes.wanted.pop(order.intent.ticker, None)


def _of_weather(core: Core, event: Settlement | Forecast | Observation | ClimateReport) -> None:
    memory = core.quotes
    match event:
        case Forecast():
            if event.model != REFERENCE:
                _news(core, lambda ladder: _is_about(ladder, event))
        case Observation():
            known_at = memory.read_at.get(event.station, event.end_at)
            memory.read_at[event.station] = max(event.end_at, known_at)
            _news(core, lambda ladder: ladder.station.icao == event.station, floors=True)
        case ClimateReport():
            _news(core, lambda ladder: ladder.station.report == event.report, floors=True)


def _resting(core: Core) -> dict[str, str]:
    """By market, the quotes that an earlier process has left."""
    intents = (order.intent for order in core.account.orders.values() if order.is_live)
    return {intent.ticker: intent.intent_id for intent in intents if is_quote(intent)}


def _is_same(known: Ladder, ladder: Ladder) -> bool:
    return (known.markets, known.fee_rule, known.fee_changes) == (
        ladder.markets,
        ladder.fee_rule,
        ladder.fee_changes,
    )


def _is_about(ladder: Ladder, forecast: Forecast) -> bool:
    return (ladder.station.icao, ladder.climate_day) == (forecast.station, forecast.climate_day)


def _news(core: Core, concerns: Callable[[Ladder], bool], *, floors: bool = False) -> None:
    """Forget what is believed of the ladders that news ``concerns``.

    With ``floors`` only where the highest that was read of the day is another now.
    """
    for name, belief in tuple(core.quotes.beliefs.items()):
        ladder = belief.outlook.ladder
        if not concerns(ladder):
            continue
        if floors:
            known = core.state.evidence(ladder.station, ladder.climate_day).floor_f()
            if known == belief.floor_f:
                continue
        _forget(core, name)


def _forget(core: Core, name: str) -> None:
    memory = core.quotes
    del memory.beliefs[name]
    memory.wanted = {t: one for t, one in memory.wanted.items() if one.event_ticker != name}
    memory.is_blind = True
