"""What is new: the same thing said again is no event."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from kalshi_edge.data.history.records import key_of
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation

Fact = TypeVar("Fact", Forecast, Observation, ClimateReport)

KEPT = 20_000
_ALWAYS = datetime.min.replace(tzinfo=UTC)


class Deduplicator:
    """Remembers the last word on each subject, whenever it was received."""

    def __init__(self) -> None:
        self._said: dict[str, Forecast | Observation | ClimateReport] = {}

    def of(self, words: Iterable[Fact]) -> list[Fact]:
        """Those of ``words`` that differ from the last word on their subject."""
        fresh = []
        for word in words:
            _, _, subject = key_of(word)
            said = replace(word, received_at=_ALWAYS)
            if self._said.get(subject) != said:
                self._said.pop(subject, None)
                self._said[subject] = said
                fresh.append(word)
        while len(self._said) > KEPT:
            del self._said[next(iter(self._said))]
        return fresh
