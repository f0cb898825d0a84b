"""The journal read a few lines at a time: each may be a megabyte, and others have their turn."""

import asyncio
from collections.abc import AsyncIterator, Collection

from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.ports import Store

READ_LINES = 20
"""At once."""


async def lines_of(
    store: Store,
    after_seq: int = 0,
    *,
    kinds: Collection[type] | None = None,
    event_kinds: Collection[type] | None = None,
) -> AsyncIterator[JournalEntry]:
    """The journal's lines after ``after_seq``, in order; of some kinds, as ``Store.journal``."""
    while lines := await store.journal(after_seq, READ_LINES, kinds=kinds, event_kinds=event_kinds):
        for line in lines:
            yield line
            await asyncio.sleep(0)  # others, the lease above all, have their turn
        after_seq = lines[-1].seq
