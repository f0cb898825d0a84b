"""The exchange's trading hours as an event: told when they change."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.trading_hours import Schedule
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.errors import ContractError, ExchangeError

SCHEDULE_EVERY = timedelta(hours=6)
STALE_AFTER = timedelta(minutes=10)


@dataclass
class HoursSource:
    """Asks whether the exchange takes orders, and now and then for its schedule."""

    client: PublicClient
    clock: Clock
    problem: str = ""
    _told: TradingHours | None = None
    _schedule: Schedule = field(default_factory=lambda: Schedule((), ()))
    _schedule_at: datetime | None = None
    _asked_at: datetime | None = None
    _success_at: datetime | None = None

    @property
    def status(self) -> SourceStatus:
        """How it is now."""
        now, success_at = self.clock.now(), self._success_at
        outcome = PollOutcome.DOWN if self.problem else PollOutcome.UNCHANGED
        return SourceStatus(
            name="hours",
            outcome=PollOutcome.NOT_ASKED if self._asked_at is None else outcome,
            asked_at=self._asked_at,
            succeeded_at=success_at,
            age=None if success_at is None else now - success_at,
            is_stale=success_at is None or now - success_at > STALE_AFTER,
            cycle=success_at,
            error=self.problem,
            error_at=self._asked_at if self.problem else None,
            bytes_moved=0,
            last_bytes=0,
        )

    async def __call__(self) -> Sequence[TradingHours]:
        """The hours, where they are not as they were told last; no answer changes nothing."""
        self._asked_at = now = self.clock.now()
        try:
            status = await self.client.status()
            if self._schedule_at is None or abs(now - self._schedule_at) >= SCHEDULE_EVERY:
                self._schedule, self._schedule_at = await self.client.schedule(), now
        except (ExchangeError, ContractError) as error:
            self.problem = str(error)
            return ()
        self.problem, self._success_at = "", self.clock.now()
        hours = TradingHours(
            received_at=self.clock.now(),
            weeks=self._schedule.weeks,
            maintenance=self._schedule.maintenance,
            is_trading=status.takes_orders,
            resumes_at=None if status.takes_orders else status.resumes_at,
        )
        if self._told == replace(hours, received_at=self._told.received_at if self._told else now):
            return ()
        self._told = hours
        return (hours,)
