"""One JSON line a cycle, for machines that read logs."""

from collections.abc import Callable, Sequence

import orjson

from kalshi_edge.data.source_status import FINE, SourceStatus
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.verdicts import CycleDone
from kalshi_edge.runtime.trader import Trader

SHOWN_SKIPPED = 3


def cycle_summary(entry: JournalEntry, sources: Sequence[SourceStatus] = ()) -> bytes | None:
    """One line of JSON about the cycle in ``entry``; ``None`` where there was none."""
    done = next((v for v in entry.verdicts if isinstance(v, CycleDone)), None)
    if done is None:
        return None
    line = {
        "event": "cycle",
        "seq": entry.seq,
        "at": done.received_at,
        "ladders": len(done.cities),
        "skipped": len(done.skipped),
        "approved": done.approved,
        "refused": done.refused,
        "cash": str(done.cash),
        "equity": str(done.equity),
        "missed": done.missed,
    }
    if why := why_no_ladder(done, sources):
        line["reason"] = why
    return orjson.dumps(line)


def why_no_ladder(done: CycleDone, sources: Sequence[SourceStatus]) -> str:
    """Why a cycle could look at no ladder at all; empty where it did look at one.

    ``sources`` are those of the trader, its markets first.
    """
    if done.cities:
        return ""
    down = [one for one in sources if one.error and one.outcome not in FINE]
    if done.skipped:
        why = "; ".join(done.skipped[:SHOWN_SKIPPED])
        more = len(done.skipped) - SHOWN_SKIPPED
        why += f"; and {more} more" if more > 0 else ""
        down = [one for one in down if one.name != "markets"]
        return f"{why} ({_told(down[0])})" if down else why
    markets = next((one for one in down if one.name == "markets"), None)
    return "no open market is known" if markets is None else f"no {_told(markets)}"


def _told(status: SourceStatus) -> str:
    return f"{status.name}: {status.error}"


class CycleLog:
    """Writes one line of JSON per cycle: a ``Publisher``."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._trader: Trader | None = None

    def follow(self, trader: Trader) -> None:
        """Give the reason of a cycle without ladders by the sources of ``trader``."""
        self._trader = trader

    def publish(self, entry: JournalEntry) -> None:
        """Write the line of the cycle in ``entry``, where there was one."""
        line = cycle_summary(entry, () if self._trader is None else self._trader.sources)
        if line is not None:
            self._write(line + b"\n")
