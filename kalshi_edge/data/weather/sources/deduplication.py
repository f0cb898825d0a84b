"""What is new: the same statement again is no event, nor is one that has been corrected already.

A subject may have several versions (a report and its correction). Which of them a page holds, and
in which order, makes no difference: each is new at most once, and none that a newer one replaced.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from kalshi_edge.data.history.records import key_of
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation

Fact = TypeVar("Fact", bound=Forecast | Observation | ClimateReport)

KEPT = 20_000
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Versions:
    """What was said of one subject, whenever it was received."""

    seen: set[Observation | ClimateReport] = field(default_factory=set)
    current: Observation | ClimateReport | None = None


class Deduplicator:
    """Remembers what was received on each subject."""

    def __init__(self) -> None:
        self._forecasts: dict[str, Forecast] = {}
        self._versions: dict[str, _Versions] = {}

    def of(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those of ``facts`` that are new: of each subject one at most, the newest version.

        A forecast, which knows no corrections, is new where it differs from the last one of its
        run.
        """
        fresh: dict[str, Fact] = {}
        for fact in facts:
            _, _, subject = key_of(fact)
            if isinstance(fact, Forecast) or self._is_newest(subject, fact):
                fresh[subject] = fact
        found = [
            fact
            for subject, fact in fresh.items()
            if not isinstance(fact, Forecast) or self._differs(subject, fact)
        ]
        for kept in (self._forecasts, self._versions):
            _forget_oldest(kept)
        return found

    def _is_newest(self, subject: str, fact: Observation | ClimateReport) -> bool:
        versions = self._versions.pop(subject, None) or _Versions()
        self._versions[subject] = versions
        said = replace(fact, received_at=_ALWAYS)
        if said in versions.seen:
            return False
        versions.seen.add(said)
        if versions.current is not None and fact.version <= versions.current.version:
            return False
        versions.current = fact
        return True

    def _differs(self, subject: str, forecast: Forecast) -> bool:
        said = replace(forecast, received_at=_ALWAYS)
        last = self._forecasts.pop(subject, None)
        self._forecasts[subject] = said
        return last != said


def _forget_oldest(kept: dict[str, Any]) -> None:
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
