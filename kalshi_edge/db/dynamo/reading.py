"""Reading back what the store has written: partitions, records, and lines in one piece."""

import zlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kalshi_edge.db.codec import from_json
from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.items import JOURNAL, key
from kalshi_edge.db.dynamo.writes import Item
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order
from kalshi_edge.errors import StoreError

T = TypeVar("T")


async def partition(
    dynamo: Dynamo,
    table: str,
    keys: Item,
    *,
    compare: str = "=",
    limit: int | None = None,
    **asked: Any,
) -> list[dict[str, Any]]:
    """Items of a partition, and of a part of it where ``keys`` names a sort key too."""
    part, *sort = keys
    condition = f"#{part} = :{part}"
    for name in sort:
        condition += (
            f" AND begins_with(#{name}, :{name})"
            if compare == "begins_with"
            else f" AND #{name} {compare} :{name}"
        )
    return await dynamo.query(
        table,
        limit,
        **{"ConsistentRead": True, **asked},
        KeyConditionExpression=condition,
        ExpressionAttributeNames={f"#{name}": name for name in keys},
        ExpressionAttributeValues={f":{name}": value for name, value in keys.items()},
    )


async def unpacked_line(dynamo: Dynamo, item: dict[str, Any]) -> bytes:
    """The JSON of a journal line; raises ``StoreError`` where parts of it are missing."""
    packed = await joined_parts(dynamo, item) if "parts" in item else item["body"]["B"]
    if packed is None:
        raise StoreError(f"journal line {item['sk']['S']}: parts are missing")
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise StoreError(f"journal line {item['sk']['S']}: {error}") from error


async def joined_parts(dynamo: Dynamo, item: dict[str, Any]) -> bytes | None:
    """What the parts that ``item`` leads to hold together; ``None`` where one is missing."""
    parts = await partition(dynamo, JOURNAL, {"pk": item["parts"]})
    if len(parts) != int(item["part_count"]["N"]):
        return None
    return b"".join(part["body"]["B"] for part in parts)


def records_of(kind: Callable[..., T], items: Iterable[dict[str, Any]]) -> list[T]:
    """The records that ``items`` hold."""
    return [from_json(item["body"]["S"], kind) for item in items]


async def know_all_orders(dynamo: Dynamo, entry: JournalEntry) -> None:
    """Every order of ``entry`` exists; asked beforehand, because a line cannot be taken back.

    Raises ``StoreError`` where one was never added.
    """
    names = {v.intent.intent_id for v in entry.verdicts if isinstance(v, Order)}
    found = await dynamo.get_many(JOURNAL, [key("order", name) for name in sorted(names)])
    for missing in names - {item["sk"]["S"] for item in found}:
        raise StoreError(f"order {missing} was never added")
