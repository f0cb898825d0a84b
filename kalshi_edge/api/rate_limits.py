"""How much one address may ask: token buckets, bounded in number."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from kalshi_edge.token_bucket import Rate, TokenBucket

MOST_ADDRESSES = 10_000


READS, WRITES, FAILURES = Rate(100, 200), Rate(5, 20), Rate(0.5, 20)
"""A second, and at once."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one address may do."""

    reads: Rate = READS
    writes: Rate = WRITES
    failures: Rate = FAILURES
    """Requests without a valid key."""


class Meter:
    """One rate, kept for every address; those longest silent are forgotten first."""

    def __init__(self, rate: Rate, now_s: Callable[[], float]) -> None:
        self._rate = rate
        self._now_s = now_s
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until ``address`` may ask again; 0 where it may now."""
        bucket = self._buckets.get(address)
        return 0.0 if bucket is None else bucket.wait_s(1.0, self._now_s())

    def take(self, address: str) -> float:
        """Count a request of ``address``; the seconds it has to wait where that is too many."""
        wait_s = self.wait_s(address)
        if wait_s:
            return wait_s
        self._buckets.setdefault(address, TokenBucket(self._rate)).take(1.0, self._now_s())
        self._buckets.move_to_end(address)
        if len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0
