"""A journal line's sentences in the API's shape."""

from kalshi_edge.api.schemas.status import ActivityItem
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.sentences import sentences

LEFT_OUT = frozenset({"reports"})
"""What a page of its own shows."""


def activity_of(entry: JournalEntry) -> list[ActivityItem]:
    """What people should read of ``entry``, in the order of its line."""
    return [
        ActivityItem(
            seq=entry.seq,
            at=entry.received_at,
            kind=one.topic,
            level=one.severity,
            text=one.text,
            city=one.city,
            ticker=one.ticker,
            amount=one.amount,
        )
        for one in sentences(entry)
        if one.topic not in LEFT_OUT
    ]
