"""How much one address may ask: token buckets, bounded in number."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class AddressRate:
    """How often one address may ask: per second in the long run, and at once."""

    per_s: float
    burst: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What one address may do."""

    reads: AddressRate = AddressRate(100, 200)
    writes: AddressRate = AddressRate(5, 20)
    failures: AddressRate = AddressRate(0.5, 20)
    """Requests without a valid key."""


class Meter:
    """One rate, kept for every address; those longest silent are forgotten first."""

    def __init__(self, rate: AddressRate, now_s: Callable[[], float]) -> None:
        self._rate = rate
        self._now_s = now_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until ``address`` may ask again; 0 where it may now."""
        return max(0.0, (1.0 - self._tokens(address)) / self._rate.per_s)

    def take(self, address: str) -> float:
        """Count a request of ``address``; the seconds it has to wait where that is too many."""
        left = self._tokens(address)
        if left < 1.0:
            return (1.0 - left) / self._rate.per_s
        self._left[address] = (left - 1.0, self._now_s())
        self._left.move_to_end(address)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return 0.0

    def _tokens(self, address: str) -> float:
        left, at_s = self._left.get(address, (self._rate.burst, 0.0))
        return min(self._rate.burst, left + (self._now_s() - at_s) * self._rate.per_s)
