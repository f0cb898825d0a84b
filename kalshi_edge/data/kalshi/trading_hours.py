"""When the exchange trades: its status now, and its published hours, which are in Eastern time."""

from dataclasses import dataclass
from datetime import datetime, time

from kalshi_edge.data.kalshi.fields import (
    Payload,
    flag_field,
    instant_field,
    object_field,
    object_list,
    optional_instant,
    text_field,
)
from kalshi_edge.domain.trading_hours import WeeklyHours
from kalshi_edge.errors import ContractError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """Whether the exchange takes anything at all, and whether it takes orders."""

    exchange_active: bool
    trading_active: bool
    resumes_at: datetime | None
    """The exchange's own estimate, where it has one."""

    @property
    def takes_orders(self) -> bool:
        """Whether an order may be sent."""
        return self.exchange_active and self.trading_active


def parse_status(payload: Payload) -> ExchangeStatus:
    """The answer of ``GET /exchange/status``, whose first level speaks of shard 0."""
    return ExchangeStatus(
        flag_field(payload, "exchange_active"),
        flag_field(payload, "trading_active"),
        optional_instant(payload, "exchange_estimated_resume_time"),
    )


@dataclass(frozen=True, slots=True)
class Schedule:
    """Published trading hours and maintenance."""

    weeks: tuple[WeeklyHours, ...]
    maintenance: tuple[tuple[datetime, datetime], ...]


def parse_schedule(payload: Payload) -> Schedule:
    """The answer of ``GET /exchange/schedule``."""
    schedule = object_field(payload, "schedule")
    return Schedule(
        weeks=tuple(_week(one) for one in object_list(schedule, "standard_hours")),
        maintenance=tuple(
            (instant_field(one, "start_datetime"), instant_field(one, "end_datetime"))
            for one in object_list(schedule, "maintenance_windows")
        ),
    )


def _week(payload: Payload) -> WeeklyHours:
    sessions = tuple(
        tuple(
            (_wall_time(text_field(one, "open_time")), _wall_time(text_field(one, "close_time")))
            for one in object_list(payload, day)
        )
        for day in DAYS
    )
    return WeeklyHours(
        instant_field(payload, "start_time"), instant_field(payload, "end_time"), sessions
    )


def _wall_time(text: str) -> str:
    try:
        return f"{time.fromisoformat('00:00' if text == '24:00' else text):%H:%M}"
    except ValueError:
        raise ContractError(f"no time of day {text!r}") from None
