"""Changes of series' fees that were announced, kept until a day after they took effect.

The exchange lists a change until it takes effect, and what a series charges from then on. That it
was announced must not be forgotten at that instant.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from kalshi_edge.data.kalshi.fields import Payload, instant_field, text_field
from kalshi_edge.data.kalshi.market_wire import parse_fee_rule
from kalshi_edge.data.kalshi.reading import Reading, read_rows

KEPT = timedelta(days=1)


class FeeAnnouncements:
    """What was announced, by the exchange's id of the change."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def note(self, rows: Iterable[Payload], now: datetime) -> Reading[Payload]:
        """Take in the list of changes to come; one that has gone from it before its time is off."""
        listed = read_rows(rows, _checked, "id", "series_ticker")
        past = {
            name: change
            for name, change in self._known.items()
            if now - KEPT < instant_field(change, "scheduled_ts") <= now
        }
        seen = {text_field(one, "id"): self._known.get(text_field(one, "id"), {}) for one in listed}
        self._known = past | {text_field(one, "id"): {**seen[one["id"]], **one} for one in listed}
        return listed

    def of(self, series: Payload, now: datetime) -> tuple[Payload, ...]:
        """The changes of one series, which charges as ``series`` says ``now``.

        A change that is still to come remembers that as what was charged before it.
        """
        ours = sorted(
            (one for one in self._known.values() if one["series_ticker"] == series.get("ticker")),
            key=lambda one: instant_field(one, "scheduled_ts"),
        )
        before: Payload = series
        for change in ours:
            if instant_field(change, "scheduled_ts") > now:
                change["before"] = before
                before = {**change, "ticker": series.get("ticker")}
        return tuple(ours)


def _checked(row: Payload) -> Payload:
    """A row whose change can be read."""
    text_field(row, "id")
    instant_field(row, "scheduled_ts")
    parse_fee_rule({**row, "ticker": text_field(row, "series_ticker")})
    return row
