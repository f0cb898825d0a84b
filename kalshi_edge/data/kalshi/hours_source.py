"""The exchange's trading hours as an event: told when they change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.trading_hours import Schedule
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.errors import ContractError, ExchangeError, SourceError

SCHEDULE_EVERY = timedelta(hours=6)
STALE_AFTER = timedelta(minutes=10)


class HoursSource:
    """Asks whether the exchange takes orders, and now and then for its schedule."""

    def __init__(self, client: PublicClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._tally = Tally("hours", clock)
        self._told: TradingHours | None = None
        self._schedule = Schedule((), ())
        self._schedule_at: datetime | None = None

    @property
    def status(self) -> SourceStatus:
        """How it is now."""
        status = self._tally.status()
        return replace(status, is_stale=status.age is None or status.age > STALE_AFTER)

    async def __call__(self) -> Sequence[TradingHours]:
        """The hours, where they are not as they were told last; no answer changes nothing."""
        self._tally.begin()
        now = self._clock.now()
        try:
            status = await self._client.status()
            if self._schedule_at is None or abs(now - self._schedule_at) >= SCHEDULE_EVERY:
                self._schedule, self._schedule_at = await self._client.schedule(), now
        except (ExchangeError, ContractError) as error:
            self._tally.end((), [SourceError(str(error), outcome=PollOutcome.DOWN)])
            return ()
        hours = TradingHours(
            received_at=self._clock.now(),
            weeks=self._schedule.weeks,
            maintenance=self._schedule.maintenance,
            is_trading=status.takes_orders,
            resumes_at=None if status.takes_orders else status.resumes_at,
        )
        told = self._told
        is_news = told is None or replace(told, received_at=hours.received_at) != hours
        events = (hours,) if is_news else ()
        self._told = hours
        self._tally.newest(hours.received_at)
        self._tally.end(events)
        return events
