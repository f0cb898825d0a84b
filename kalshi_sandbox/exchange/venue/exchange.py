"""The exchange put together: rules, calendar, members' keys and limits, and what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.weather import Station
from kalshi_sandbox.exchange.control.faults import Faults
from kalshi_sandbox.exchange.rest.auth import SCOPES, Credential, KeyRing
from kalshi_sandbox.exchange.rest.oddities import Oddities
from kalshi_sandbox.exchange.rest.portfolio_view import PortfolioViews
from kalshi_sandbox.exchange.rest.rate_limits import RateLimits
from kalshi_sandbox.exchange.venue.lifecycle import Season
from kalshi_sandbox.exchange.venue.market_makers import Habits, Traders
from kalshi_sandbox.exchange.venue.order_entry_rules import OrderEntry
from kalshi_sandbox.exchange.venue.venue import Venue
from kalshi_sandbox.exchange.venue.weather_port import Nature


@dataclass(slots=True)
class Exchange:
    """Everything that answers requests."""

    venue: Venue
    desk: OrderEntry
    season: Season
    views: PortfolioViews
    keys: KeyRing = field(default_factory=KeyRing)
    limits: RateLimits = field(default_factory=RateLimits)
    faults: Faults = field(default_factory=Faults)
    oddities: Oddities = field(default_factory=Oddities)
    flat_errors: bool = False
    """Whether error bodies are flat, as the specification has them, not wrapped as on the wire."""
    cancel_all_echo: timedelta | None = None
    """After a cancel-all the exchange may cancel again what was placed since; ``None``: not."""

    def enroll(
        self,
        name: str,
        public_key: bytes,
        balance: Decimal,
        *,
        tier: str = "basic",
        scopes: tuple[str, ...] = SCOPES,
    ) -> Credential:
        """A new member with a key and a balance in dollars. Raises ``InputError`` for the key."""
        account = self.venue.open_account(name, balance, tier=tier)
        key_id = self.venue.new_id("key", self.venue.next_number())
        return self.keys.add(key_id, account, public_key, scopes)


def new_exchange(
    nature: Nature,
    stations: Sequence[Station],
    start_at: datetime,
    *,
    seed: int = 0,
    habits: Habits | None = None,
    live_window: timedelta | None = None,
) -> Exchange:
    """An exchange at ``start_at`` with today's and tomorrow's ladders of ``stations``.

    ``habits`` are those of the other traders; ``None`` for nobody else. ``live_window`` is how far
    back the live endpoints reach.
    """
    venue = Venue(start_at, seed)
    if live_window is not None:
        venue.live_window = live_window
    desk = OrderEntry(venue)
    views = PortfolioViews(venue)
    attend = None if habits is None else Traders(desk, nature, habits).attend
    season = Season(desk, nature, stations, attend)
    season.begin()
    venue.advance(start_at)
    return Exchange(venue, desk, season, views)
