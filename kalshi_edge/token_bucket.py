"""A token bucket: so much a second in the long run, so much at once. It is told the time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket's refill in tokens per second, and the most that it holds."""

    refill_per_s: float
    capacity: float


class TokenBucket:
    """One bucket's tokens over time; below 0 they are owed, and whoever owes waits.

    >>> bucket = TokenBucket(Rate(refill_per_s=10, capacity=20))
    >>> bucket.take(20, now_s=0), bucket.take(10, now_s=0), bucket.take(10, now_s=2)
    (0.0, 1.0, 0.0)
    """

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._tokens = rate.capacity
        self._counted_s: float | None = None

    def wait_s(self, cost: float, now_s: float) -> float:
        """How many seconds to wait before ``cost`` tokens are there."""
        since_s = 0.0 if self._counted_s is None else max(0.0, now_s - self._counted_s)
        self._counted_s = now_s
        self._tokens = min(self.rate.capacity, self._tokens + since_s * self.rate.refill_per_s)
        return max(0.0, cost - self._tokens) / self.rate.refill_per_s

    def take(self, cost: float, now_s: float) -> float:
        """Take ``cost`` tokens, now or on credit; the seconds to wait before using them."""
        wait_s = self.wait_s(cost, now_s)
        self._tokens -= cost
        return wait_s

    def empty(self, now_s: float) -> None:
        """The exchange says that there is nothing left."""
        self.wait_s(0, now_s)
        self._tokens = min(self._tokens, 0.0)
