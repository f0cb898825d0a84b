"""Records of which a store keeps the newest of every subject; the journal has them all."""

from collections.abc import Callable, Mapping
from typing import Any

from kalshi_edge.domain.beliefs import EmosRecord, PoolRecord

SUBJECTS: Mapping[type, Callable[[Any], str]] = {
    EmosRecord: lambda one: f"{one.city}#{one.lead}#{one.layout}",
    PoolRecord: lambda one: f"{one.city}#{one.lead}",
}
"""By class, what a record is about; letters, digits and ``#``."""


def subject_of(record: object) -> str | None:
    """What ``record`` is about; ``None`` where the store does not keep the newest of its kind.

    >>> from kalshi_edge.domain.beliefs import Lead
    >>> from kalshi_edge.models.pool import fresh_pool
    >>> subject_of(fresh_pool("NYC", Lead.NIGHT))
    'NYC#night'
    """
    of = SUBJECTS.get(type(record))
    return None if of is None else of(record)
