"""Public reads about the exchange itself: whether it works, when it does, how fresh its data is."""

from typing import Any

from kalshi_sandbox.exchange.rest.requests import Answer, Call
from kalshi_sandbox.exchange.rest.wire_out import instant
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.lifecycle import PAUSE_FROM, PAUSE_UNTIL
from kalshi_sandbox.exchange.venue.venue import Archived


def get_status(exchange: Exchange, _call: Call) -> Answer:
    """Whether the exchange works and trades; 503 while it does not work at all."""
    body = status_json(exchange)
    return Answer(body, 200 if body["exchange_active"] else 503)


def status_json(exchange: Exchange) -> dict[str, Any]:
    """The exchange's state in its own words."""
    pause = exchange.venue.paused
    active = {
        "exchange_active": pause is None or not pause.is_whole_exchange,
        "trading_active": pause is None,
        "intra_exchange_transfers_active": pause is None,
    }
    return {
        **active,
        "exchange_estimated_resume_time": None if pause is None else instant(pause.resumes_at),
        "exchange_index_statuses": [{"exchange_index": 0, "description": "default", **active}],
    }


def get_schedule(exchange: Exchange, _call: Call) -> Answer:
    """Trading hours in New York: always, but for Thursday's pause; planned maintenance."""
    start, end = f"{PAUSE_FROM:%H:%M}", f"{PAUSE_UNTIL:%H:%M}"
    whole = [{"open_time": "00:00", "close_time": "24:00"}]
    thursday = [
        {"open_time": "00:00", "close_time": start},
        {"open_time": end, "close_time": "24:00"},
    ]
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    week = {day: thursday if day == "thursday" else whole for day in days}
    ends = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2099-12-31T00:00:00Z"}
    pause, windows = exchange.venue.paused, []
    if pause is not None and pause.is_whole_exchange:
        now, until = exchange.venue.now, pause.resumes_at
        windows = [{"start_datetime": instant(now), "end_datetime": instant(until)}]
    schedule = {"standard_hours": [{**ends, **week}], "maintenance_windows": windows}
    return Answer({"schedule": schedule})


def get_user_data_timestamp(exchange: Exchange, _call: Call) -> Answer:
    """How fresh the portfolio's endpoints are."""
    return Answer({"as_of_time": instant(exchange.views.as_of)})


def get_cutoff(exchange: Exchange, _call: Call) -> Answer:
    """Where the live data ends and the archive begins, kind by kind."""
    names = {
        "market_settled_ts": Archived.MARKETS,
        "trades_created_ts": Archived.TRADES,
        "orders_updated_ts": Archived.ORDERS,
        "market_positions_last_updated_ts": Archived.POSITIONS,
    }
    cutoff = exchange.venue.cutoff
    return Answer({name: instant(cutoff(kind)) for name, kind in names.items()})
