"""What is to go wrong with requests and frames, how often, and for which of them.

A fault waits until something matches it and is gone when it has struck as often as it was told to.
Chances come from a seed, so a run with faults repeats too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class FaultKind(StrEnum):
    """The ways in which the network and the edge fail."""

    LATENCY = "latency"
    """The answer comes ``delay_s`` late."""
    REFUSE = "refuse"
    """Answered with ``status`` (429, 503 …); nothing was done."""
    LOSE = "lose"
    """Done, and then answered with ``status``: the order exists all the same."""
    DROP_BEFORE = "drop_before"
    """The connection is cut; nothing was done."""
    DROP_AFTER = "drop_after"
    """The connection is cut; the request was done."""
    HANG = "hang"
    """The request was done; no answer ever comes."""
    PARTIAL_FILL = "partial_fill"
    """Somebody else is faster: of a new order only ``share`` can still trade."""
    STREAM_GAP = "stream_gap"
    """A numbered frame is lost."""
    STREAM_REPEAT = "stream_repeat"
    """A frame comes twice."""
    STREAM_DELAY = "stream_delay"
    """A frame, and all that follow on its connection, come ``delay_s`` late."""
    STREAM_ERROR = "stream_error"
    """The subscription ends with error ``status`` (10 or 25) in place of a frame."""


REQUEST_FAULTS = frozenset(
    {
        FaultKind.LATENCY,
        FaultKind.REFUSE,
        FaultKind.LOSE,
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
        FaultKind.HANG,
        FaultKind.PARTIAL_FILL,
    }
)
ORDER_ENTRY = ("POST", "/portfolio/events/orders")
STREAM_FAULTS = frozenset(FaultKind) - REQUEST_FAULTS


@dataclass(slots=True)
class Fault:
    """Something that will go wrong."""

    kind: FaultKind
    times: int | None = 1
    """How often it strikes; ``None`` until it is lifted."""
    chance: float = 1.0
    method: str | None = None
    path: str = ""
    """Only requests whose path, without ``/trade-api/v2``, begins so."""
    channel: str | None = None
    ticker: str | None = None
    status: int = 500
    delay_s: float = 0.0
    share: float = 0.0
    fault_id: int = 0
    struck: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it will not strike again."""
        return self.times is not None and self.struck >= self.times


class Faults:
    """All faults that wait, and what has struck."""

    def __init__(self, seed: int = 0) -> None:
        self._faults: list[Fault] = []
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._added = 0

    def add(self, fault: Fault) -> Fault:
        """Let ``fault`` wait; it gets a number to be lifted by."""
        self._added += 1
        fault.fault_id = self._added
        self._faults.append(fault)
        return fault

    def lift(self, fault_id: int | None = None) -> int:
        """Remove one fault, or all; how many that were."""
        kept = [f for f in self._faults if fault_id not in (None, f.fault_id)]
        lifted = len(self._faults) - len(kept)
        self._faults = kept
        return lifted

    def waiting(self) -> tuple[Fault, ...]:
        """Faults that may still strike."""
        return tuple(self._faults)

    def request(self, method: str, path: str) -> dict[FaultKind, Fault]:
        """The faults that strike a request, one of each kind at most."""
        return self._strike(
            f
            for f in self._faults
            if f.kind in REQUEST_FAULTS and f.method in (None, method) and path.startswith(f.path)
        )

    def frame(self, channel: str, ticker: str | None) -> dict[FaultKind, Fault]:
        """The faults that strike a frame, one of each kind at most."""
        if not self._faults:
            return {}
        return self._strike(
            f
            for f in self._faults
            if f.kind in STREAM_FAULTS
            and f.channel in (None, channel)
            and f.ticker in (None, ticker)
        )

    def _strike(self, candidates: Iterable[Fault]) -> dict[FaultKind, Fault]:
        found: dict[FaultKind, Fault] = {}
        for fault in candidates:
            if fault.kind not in found and self._random.random() < fault.chance:
                fault.struck += 1
                found[fault.kind] = fault
        if found:
            self._faults = [fault for fault in self._faults if not fault.is_over]
        return found
