"""How much a member may ask for: token buckets, filled by the second of real time.

A request costs 10 tokens unless the table says otherwise; a batch costs the sum of its items and
must fit as a whole. Reading one's balance has a bucket of its own.
"""

from dataclasses import dataclass

from kalshi_edge.token_bucket import Rate, TokenBucket

_SPECK = 1e-3
"""Tokens: instants as floats are a fraction of a microsecond off."""

DEFAULT_COST = 10
CANCEL_COST = 2

ENDPOINT_COSTS: tuple[tuple[str, str, int], ...] = (
    ("DELETE", "/portfolio/events/orders/{order_id}", CANCEL_COST),
    ("DELETE", "/portfolio/events/orders", CANCEL_COST),
    ("GET", "/portfolio/orders/{order_id}", 2),
    ("POST", "/account/api_usage_level/upgrade", 30),
)
"""Method, path and tokens of the endpoints that do not cost ``DEFAULT_COST``."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What a usage tier may ask for: tokens a second, and seconds' worth that a bucket holds."""

    read: int
    write: int
    read_burst_s: int
    write_burst_s: int
    balances_per_s: int

    @property
    def read_capacity(self) -> int:
        """Tokens that the read bucket holds."""
        return self.read * self.read_burst_s

    @property
    def write_capacity(self) -> int:
        """Tokens that the write bucket holds."""
        return self.write * self.write_burst_s


TIERS = {
    "basic": Tier(200, 100, 2, 1, 1),
    "advanced": Tier(300, 300, 2, 2, 1),
    "expert": Tier(600, 600, 1, 2, 5),
    "premier": Tier(1000, 1000, 1, 2, 5),
    "paragon": Tier(2000, 2000, 1, 2, 5),
    "prime": Tier(4000, 4000, 1, 2, 5),
    "prestige": Tier(10_000, 8_000, 1, 2, 5),
}


class RateLimits:
    """Every member's buckets."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], TokenBucket] = {}

    def allows(self, user_id: str, tier: str, kind: str, cost: int, now_s: float) -> bool:
        """Whether a request of ``kind`` (read, write, balance) may pass; it is billed if so."""
        key = user_id, tier, kind
        if key not in self._buckets:
            self._buckets[key] = _bucket(TIERS[tier], kind)
        bucket = self._buckets[key]
        if bucket.wait_s(cost, now_s) * bucket.rate.refill_per_s > _SPECK:
            return False
        bucket.take(cost, now_s)
        return True


def _bucket(tier: Tier, kind: str) -> TokenBucket:
    if kind == "balance":
        rate = tier.balances_per_s * DEFAULT_COST
        return TokenBucket(Rate(rate, rate))
    if kind == "write":
        return TokenBucket(Rate(tier.write, tier.write_capacity))
    return TokenBucket(Rate(tier.read, tier.read_capacity))
