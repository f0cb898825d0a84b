"""What is new: the same thing said again is no event, nor is what has been corrected already.

A subject may have several versions (a report and its correction). Which of them a page holds, and
in which order, makes no difference: each is news at most once, and none that a newer one replaced.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from kalshi_edge.data.history.records import key_of
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation

Fact = TypeVar("Fact", Forecast, Observation, ClimateReport)

KEPT = 20_000
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Subject:
    """What was said of one subject: all of it, whenever it was received, and what stands."""

    said: set[Forecast | Observation | ClimateReport] = field(default_factory=set)
    stands: Forecast | Observation | ClimateReport | None = None


class Deduplicator:
    """Remembers what was said on each subject."""

    def __init__(self) -> None:
        self._subjects: dict[str, _Subject] = {}

    def of(self, words: Iterable[Fact]) -> list[Fact]:
        """Those of ``words`` that are news: of each subject one at most, the newest version.

        A forecast, which knows no corrections, is news where it differs from the last word on its
        run.
        """
        fresh: dict[str, Fact] = {}
        for word in words:
            _, _, name = key_of(word)
            subject = self._subjects.pop(name, None) or _Subject()
            self._subjects[name] = subject
            said = replace(word, received_at=_ALWAYS)
            if isinstance(word, Forecast):
                fresh[name] = word
            elif said not in subject.said:
                subject.said.add(said)
                stands = subject.stands
                if stands is None or isinstance(stands, Forecast) or word.version > stands.version:
                    subject.stands = fresh[name] = word
        found = [word for name, word in fresh.items() if self._is_news(name, word)]
        while len(self._subjects) > KEPT:
            del self._subjects[next(iter(self._subjects))]
        return found

    def _is_news(self, name: str, word: Forecast | Observation | ClimateReport) -> bool:
        """Whether a forecast differs from the last one; of the others only news gets here."""
        if not isinstance(word, Forecast):
            return True
        subject, said = self._subjects[name], replace(word, received_at=_ALWAYS)
        is_news = subject.stands != said
        subject.stands = said
        return is_news
