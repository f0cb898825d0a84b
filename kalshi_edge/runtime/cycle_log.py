"""One JSON line a cycle, for machines that read logs."""

from collections.abc import Callable

import orjson

from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.verdicts import CycleDone


def cycle_summary(entry: JournalEntry) -> bytes | None:
    """One line of JSON about the cycle in ``entry``; ``None`` where there was none."""
    done = next((v for v in entry.verdicts if isinstance(v, CycleDone)), None)
    if done is None:
        return None
    return orjson.dumps(
        {
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
    )


class CycleLog:
    """Writes one line of JSON per cycle: a ``Publisher``."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def publish(self, entry: JournalEntry) -> None:
        """Write the line of the cycle in ``entry``, where there was one."""
        line = cycle_summary(entry)
        if line is not None:
            self._write(line + b"\n")
