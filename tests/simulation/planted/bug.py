"""What a planted bug is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from unittest.mock import patch

Reached: TypeAlias = Callable[[], None]
"""Called where the planted code departs from the real one."""


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """A bug, and the rule that it breaks."""

    rule: str
    patches: Callable[[Reached], tuple[AbstractContextManager[Any], ...]]
    """Several where a lower layer would make the bug harmless: it is switched off as well."""

    @contextmanager
    def planted(self) -> Iterator[list[int]]:
        """The program with the bug; the list holds how often its code was reached."""
        times = [0]

        def reached() -> None:
            times[0] += 1

        patches = self.patches(reached)
        for one in patches:
            one.__enter__()
        try:
            yield times
        finally:
            for one in reversed(patches):
                one.__exit__(None, None, None)


def replaced(of: Any, name: str, by: Any) -> AbstractContextManager[Any]:
    """``of`` with ``by`` in the place of its ``name``."""
    return patch.object(of, name, by)
