"""Facts out of an archive's rows, in whatever order, files and numbers of copies they come.

A fact has a subject and a value. Said twice it is one fact; said twice differently it is none, and
named: which of the two is right, an archive cannot know.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from kalshi_edge.data.history.tables import LeftOut
from kalshi_edge.errors import RowError

Subject = TypeVar("Subject")
Value = TypeVar("Value")
Read = TypeVar("Read")

CONTRADICTS = "rows that contradict each other"


class LeftOuts:
    """What was left out, row by row."""

    def __init__(self) -> None:
        self._found: list[LeftOut] = []
        self.file, self.line = "", 0

    def add(self, reason: str, why: str, where: str | None = None) -> None:
        """Note one; by default at the row that is being read."""
        self._found.append(LeftOut(reason, where or f"{self.file}, line {self.line}", why))

    def read(self, parse: Callable[..., Read], *given: object) -> Read | None:
        """What ``parse`` makes of what it is given; ``None`` where it refuses, which is noted."""
        try:
            return parse(*given)
        except RowError as error:
            self.add(error.reason, str(error))
            return None

    def all(self) -> tuple[LeftOut, ...]:
        """Everything that was noted."""
        return tuple(self._found)


class Gathered(Generic[Subject, Value]):
    """Facts of one kind by subject."""

    def __init__(self, kind: str, left: LeftOuts) -> None:
        self._kind = kind
        self._left = left
        self._values: dict[Subject, Value] = {}
        self._disputed: set[Subject] = set()
        self.repeated = 0
        """How often a fact was said again."""

    def add(self, subject: Subject, value: Value) -> None:
        """Take in one statement."""
        if subject not in self._values:
            self._values[subject] = value
            return
        self.repeated += 1
        if self._values[subject] != value and subject not in self._disputed:
            self._disputed.add(subject)
            self._left.add(CONTRADICTS, f"{self._kind} of {self._name(subject)}: more than one")

    def pairs(self) -> Iterator[tuple[Subject, Value]]:
        """The undisputed facts, in the order in which they were first said."""
        pairs = self._values.items()
        return ((subject, value) for subject, value in pairs if subject not in self._disputed)

    def known(self) -> Mapping[Subject, Value]:
        """The undisputed facts by subject."""
        return dict(self.pairs())

    @staticmethod
    def _name(subject: Subject) -> str:
        return " ".join(map(str, subject)) if isinstance(subject, tuple) else str(subject)
