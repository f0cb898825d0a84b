"""Snapshots as items: one says which parts count, and an older one's parts go once it does."""

from datetime import datetime

from kalshi_edge.db.dynamo.client import Dynamo, chunks
from kalshi_edge.db.dynamo.head import fence
from kalshi_edge.db.dynamo.items import JOURNAL, key, snapshot_parts
from kalshi_edge.db.dynamo.reading import joined_parts, partition
from kalshi_edge.db.dynamo.writes import Deed, Write

PARTS_AT_ONCE = 10
"""In one transaction, which may hold 4 MB."""


async def write_snapshot(
    dynamo: Dynamo, name: str, body: bytes, token: int | None, at: datetime
) -> None:
    """Put ``body`` in the place of the snapshot before.

    Raises ``ConditionFailed`` where ``token`` is not the lease's any more.
    """
    pointer, parts = snapshot_parts(name, body, at)
    before = await dynamo.get(JOURNAL, pointer.key)
    await dynamo.put_many(JOURNAL, parts)
    await dynamo.write(*fence(token), pointer)
    if before is None or before["parts"] == pointer.values["parts"]:
        return
    old = await partition(dynamo, JOURNAL, {"pk": before["parts"]})
    for chunk in chunks(old, PARTS_AT_ONCE):
        keys = (key(part["pk"]["S"], part["sk"]["S"]) for part in chunk)
        await dynamo.write(*(Write(JOURNAL, one, deed=Deed.DELETE) for one in keys))


async def read_snapshot(dynamo: Dynamo, name: str) -> bytes | None:
    """The newest snapshot of that name; ``None`` where there is none, or not all of it."""
    item = await dynamo.get(JOURNAL, key("snapshot", name))
    return None if item is None else await joined_parts(dynamo, item)
