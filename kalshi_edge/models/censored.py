"""How often something happened within a time, where some were taken out before it could.

Inverse probability of censoring: who was seen to the end stands for those who were not. An outcome
known at time t weighs 1/G(t−), G the share that nobody has taken out by then (Kaplan and Meier of
the taking out); one that was taken out first weighs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of each subject the time that it was seen, and how that ended; ``horizon`` bounds it.

    >>> seen = Outcomes.of([60.0, 10.0, 60.0, 5.0], [False, True, False, False],
    ...                    [False, False, False, True], 60.0)
    >>> [round(float(w), 2) for w in seen.weights]
    [1.33, 1.33, 1.33, 0.0]
    """

    happened: NDArray[np.float64]
    """1 where it happened in time."""
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        times: Sequence[float],
        happened: Sequence[bool],
        censored: Sequence[bool],
        horizon: float,
    ) -> "Outcomes":
        """What is known at ``horizon``; times beyond it are cut."""
        t = np.minimum(np.asarray(times, float), horizon)
        event, lost = np.asarray(happened, bool), np.asarray(censored, bool)
        moments, gone = np.unique(t[lost], return_counts=True)
        at_risk = len(t) - np.searchsorted(np.sort(t), moments, side="left")
        kept = np.concatenate([[1.0], np.cumprod(1 - gone / np.maximum(at_risk, 1))])
        # G(t−): what was taken out at the very moment came after what happened at it.
        share = kept[np.searchsorted(moments, np.where(event, t, horizon), side="left")]
        weights = np.where(lost, 0.0, 1 / np.maximum(share, 1e-9))
        return cls(event.astype(float), weights)

    def share(self, which: NDArray[np.bool_] | None = None) -> float:
        """The share of ``which`` to whom it happened; of all where that is left out."""
        chosen = np.ones(len(self.weights), bool) if which is None else which
        total = self.weights[chosen].sum()
        return float((self.weights * self.happened)[chosen].sum() / total) if total else 0.0

    def brier(self, said: NDArray[np.float64]) -> float:
        """The mean square of probability less outcome."""
        return float((self.weights * (said - self.happened) ** 2).sum() / self.weights.sum())

    def skill(self, said: NDArray[np.float64]) -> float:
        """How much better ``said`` is than the base rate: 1 − Brier / Brier of the base rate."""
        base = np.full(len(said), self.share())
        return 1 - self.brier(said) / self.brier(base)
