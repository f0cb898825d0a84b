"""How fast we may ask: token buckets that know what each endpoint costs, and back-off.

The exchange refills a bucket every second and refuses what it does not hold; it sends no
``Retry-After``, so we keep the same account of it ourselves.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kalshi_edge.data.kalshi.fields import Payload, object_list, text_field, whole_field
from kalshi_edge.token_bucket import Rate

Jitter: TypeAlias = Callable[[], float]
"""Uniform numbers in [0, 1)."""

_NAME_IN_ROUTE = re.compile(r"\{[^/]*\}|(?<=/):[^/]+")


PUBLIC_RATE = Rate(50, 100)
"""Five requests a second: how the exchange meters callers without a key is not known."""
BASIC_READ = Rate(200, 400)
BASIC_WRITE = Rate(100, 100)
"""The lowest tier's, until the account's own are read."""
BALANCE_RATE = Rate(10, 10)
"""The balance has a bucket of its own: one request a second."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Tokens by method and route; what is not listed costs the default."""

    default: int = 10
    special: Mapping[tuple[str, str], int] = field(
        default_factory=lambda: {
            ("DELETE", "/portfolio/events/orders"): 2,
            ("DELETE", "/portfolio/events/orders/{}"): 2,
            ("GET", "/portfolio/orders/{}"): 2,
        }
    )

    def of(self, method: str, route: str) -> int:
        """The tokens of one request.

        >>> Costs().of("DELETE", "/portfolio/events/orders/{order_id}")
        2
        """
        return self.special.get((method, nameless(route)), self.default)


def parse_costs(payload: Payload) -> Costs:
    """The answer of ``GET /account/endpoint_costs``."""
    listed = object_list(payload, "endpoint_costs")
    return Costs(
        whole_field(payload, "default_cost"),
        {
            (text_field(one, "method"), nameless(text_field(one, "path"))): whole_field(one, "cost")
            for one in listed
        },
    )


def nameless(route: str) -> str:
    """A route without the names of its parameters and without the API's prefix.

    >>> nameless("/trade-api/v2/portfolio/orders/:order_id")
    '/portfolio/orders/{}'
    """
    return _NAME_IN_ROUTE.sub("{}", route.removeprefix("/trade-api/v2"))


def backoff_s(failures: int, jitter: Jitter, *, first_s: float, cap_s: float) -> float:
    """Seconds to wait after so many failures in a row: u × min(cap, first × 2^(failures − 1)).

    Full jitter, u uniform in [0, 1): callers that failed together do not come back together.

    >>> backoff_s(3, lambda: 0.5, first_s=0.25, cap_s=5.0)
    0.5
    """
    return jitter() * min(cap_s, first_s * 2.0 ** min(failures - 1, 30))
