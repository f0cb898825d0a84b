"""All planted bugs, and the table of what became of each."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.simulation.outcome import Outcome
from tests.simulation.planted.account import ACCOUNT_BUGS
from tests.simulation.planted.halts import HALT_BUGS
from tests.simulation.planted.order_path import ORDER_PATH_BUGS

PLANTED_BUGS = ORDER_PATH_BUGS | ACCOUNT_BUGS | HALT_BUGS
REACHED = "planted code reached"


@dataclass(frozen=True, slots=True)
class Hunt:
    """One bug and the seeds that were played with it, up to the first that shows it."""

    name: str
    played: int
    reached: int
    """Seeds in which the planted code departed from the real one."""
    seen_by: int | None
    violation: str
    took_s: float

    @property
    def is_seen(self) -> bool:
        """Whether a seed showed it."""
        return self.seen_by is not None

    def row(self) -> str:
        """A row of the table, Markdown."""
        seed = "none" if self.seen_by is None else str(self.seen_by)
        reached = f"{self.reached} of {self.played}"
        rule = PLANTED_BUGS[self.name].rule
        return f"| `{self.name}` | {rule} | {reached} | {seed} | {self.took_s:.0f} |"


HEADER = (
    "| bug | rule that it breaks | reached, of seeds played | first seen by seed | seconds |\n"
    "|---|---|---|---|---|"
)


def hunt(name: str, seeds: Iterable[int], play: Callable[[int], Outcome]) -> Hunt:
    """Play ``seeds`` with the bug until one shows it."""
    began_s, reached = time.perf_counter(), 0
    number = 0
    for number, seed in enumerate(seeds, 1):
        outcome = play(seed)
        reached += outcome.counts[REACHED] > 0
        if outcome.violations:
            took_s = time.perf_counter() - began_s
            return Hunt(name, number, reached, seed, outcome.violations[0], took_s)
    return Hunt(name, number, reached, None, "", time.perf_counter() - began_s)
