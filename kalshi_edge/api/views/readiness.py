"""Why a trader cannot do its work now: each reason in a few words, none of them a secret.

Not being ready is no reason to restart it: a halted trader stays halted, and goes on looking after
what it holds.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.views.status import CYCLE_LATE_S, last_cycle_at
from kalshi_edge.data.source_status import SourceStatus
from kalshi_edge.domain.records import Cause
from kalshi_edge.engine import Engine
from kalshi_edge.runtime.trader import Trader
from kalshi_edge.trading.supervisor import trader_checks
from kalshi_edge.units import span


def not_ready(context: ApiContext) -> list[str]:
    """Why the trader cannot do its work; nothing where it can."""
    trader, at = context.trader, context.now()
    return [
        *_cycles(last_cycle_at(context.read_model), at),
        *_exchange(trader),
        *_forecasts(trader.engine, at),
        *_account(trader.engine, at),
        *_switch(trader.engine, at),
    ]


def _cycles(last: datetime | None, at: datetime) -> Iterator[str]:
    if last is None:
        yield "no cycle yet"
    elif (age_s := (at - last).total_seconds()) > CYCLE_LATE_S:
        yield f"the last cycle was {age_s:.0f} s ago"


def _exchange(trader: Trader) -> Iterator[str]:
    markets = trader.markets.status
    if markets.succeeded_at is None or is_failing(markets):
        yield f"exchange: markets {markets.outcome}{_because(markets)}"
    if trader.line is not None and (stream := trader.line.stream.status).is_stale:
        yield f"exchange: stream {stream.outcome}{_because(stream)}"


def is_failing(status: SourceStatus) -> bool:
    """Whether its last asking that is over brought nothing."""
    asked_at, succeeded_at = status.asked_at, status.succeeded_at
    is_newer = asked_at is not None and succeeded_at is not None and asked_at > succeeded_at
    return bool(status.error) and (succeeded_at is None or is_newer)


def _because(status: SourceStatus) -> str:
    return f": {status.error}" if status.error else ""


def _forecasts(engine: Engine, at: datetime) -> Iterator[str]:
    """Only where no city has one: a city without sits out by itself."""
    oldest_at = at - engine.playbook.limits.max_forecast_age
    for station in engine.state.stations:
        today = station.climate_day(at)
        for day in (today, today + timedelta(days=1)):
            found = engine.state.best_forecast(station, day)
            if found is not None and found.run_at >= oldest_at:
                return
    cities = ", ".join(station.city for station in engine.state.stations)
    limit = span(engine.playbook.limits.max_forecast_age)
    yield f"forecasts: none of a run in the last {limit} for {cities}"


def _account(engine: Engine, at: datetime) -> Iterator[str]:
    for check in trader_checks(engine, at):
        if not check.passed:
            yield f"{check.rule}: {check.figure}"


def _switch(engine: Engine, at: datetime) -> Iterator[str]:
    switch = engine.kill_switch.switch_at(at)
    if switch.is_halted(at):
        # What a person wrote is for those with a key.
        why = "" if switch.cause is Cause.PERSON else f": {switch.reason}"
        yield f"trading is halted ({switch.cause}){why}"
