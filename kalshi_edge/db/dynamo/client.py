"""Requests to DynamoDB: one client in a pool of threads, bounded patience, units counted.

What DynamoDB refuses for want of capacity, or because two transactions met, is tried again with
growing pauses; a transaction keeps its token while it is, so that it cannot happen twice.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from kalshi_edge.db.dynamo.config import DynamoConfig
from kalshi_edge.db.dynamo.writes import Item, Write
from kalshi_edge.errors import StoreError

THREADS = 16
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
ATTEMPTS = 12
"""Some fifteen seconds of pauses in all."""

BATCH_WRITES = 25
BATCH_READS = 100

AGAIN = {
    "ThrottlingException",
    "ThrottlingError",
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""Nothing was done; it may be asked again."""

CONDITION_FAILED = "ConditionalCheckFailed"

_jitter = secrets.SystemRandom().uniform


@dataclass(slots=True)
class Usage:
    """What was asked of DynamoDB, and the units that it says it charged."""

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0

    def count(self, operation: str, answer: dict[str, Any]) -> None:
        """Add one answered request."""
        self.requests[operation] += 1
        told = answer.get("ConsumedCapacity", ())
        units = sum(one["CapacityUnits"] for one in ([told] if isinstance(told, dict) else told))
        if operation in {"query", "get_item", "batch_get_item", "scan"}:
            self.read_units += units
        else:
            self.write_units += units


class ConditionFailed(Exception):
    """A condition did not hold, so nothing was written; ``places`` are the writes it was on."""

    def __init__(self, places: Sequence[int]) -> None:
        self.places = tuple(places)
        super().__init__(f"conditions {self.places} did not hold")


class Dynamo:
    """The tables of one place. Raises ``StoreError`` where DynamoDB gives no good answer."""

    def __init__(self, place: DynamoConfig) -> None:
        self.place = place
        self.usage = Usage()
        session = boto3.session.Session(
            aws_access_key_id=place.key_id,
            aws_secret_access_key=place.secret,
            region_name=place.region,
        )
        self.raw = session.client(
            "dynamodb",
            endpoint_url=place.endpoint,
            config=Config(
                connect_timeout=3,
                read_timeout=10,
                max_pool_connections=THREADS,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(THREADS, "dynamo")

    def close(self) -> None:
        """Let go of connections and threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None
            self.raw.close()

    def table(self, name: str) -> str:
        """A table's name in this place."""
        return f"{self.place.prefix}-{name}"

    # --- reading ------------------------------------------------------------------------------

    async def get(self, table: str, key: Item) -> dict[str, Any] | None:
        """An item as it is now; ``None`` where there is none."""
        answer = await self._ask(
            "get_item", TableName=self.table(table), Key=key, ConsistentRead=True
        )
        item: dict[str, Any] | None = answer.get("Item")
        return item

    async def query(
        self, table: str, limit: int | None = None, **asked: Any
    ) -> list[dict[str, Any]]:
        """All items of a query, page by page of 1 MB, in the order of their sort key."""
        found: list[dict[str, Any]] = []
        async for page in self._pages(TableName=self.table(table), **asked):
            found += page
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    async def get_many(self, table: str, keys: Sequence[Item]) -> list[dict[str, Any]]:
        """The items of ``keys`` that exist, as they are now, in no order."""
        found: list[dict[str, Any]] = []
        name = self.table(table)
        for chunk in chunks(keys, BATCH_READS):
            left: dict[str, Any] = {name: {"Keys": chunk, "ConsistentRead": True}}
            for pause_s in pauses():
                answer = await self._ask("batch_get_item", RequestItems=left)
                found += answer["Responses"].get(name, [])
                left = answer.get("UnprocessedKeys", {})
                if not left:
                    break
                await asyncio.sleep(pause_s)
            if left:
                raise StoreError(f"{name}: reads were left undone {ATTEMPTS} times")
        return found

    async def _pages(self, **asked: Any) -> AsyncIterator[list[dict[str, Any]]]:
        while True:
            answer = await self._ask("query", **asked)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    # --- writing ------------------------------------------------------------------------------

    async def write(self, *writes: Write) -> None:
        """All of ``writes`` or none; raises ``ConditionFailed`` where a condition did not hold.

        However often the request has to be repeated, it is done once: it carries a token.
        """
        await self._ask(
            "transact_write_items",
            TransactItems=[{one.deed: one.request(self.place.prefix)} for one in writes],
            ClientRequestToken=secrets.token_hex(16),
        )

    async def update(self, write: Write) -> None:
        """One item alone, at half the price; it must do no harm when it is done twice."""
        await self._ask("update_item", **write.request(self.place.prefix))

    async def put_many(self, table: str, items: Sequence[Item]) -> None:
        """Put ``items``, in no order and not all at once; what was left undone is asked again."""
        name = self.table(table)
        for chunk in chunks(items, BATCH_WRITES):
            left: dict[str, Any] = {name: [{"PutRequest": {"Item": item}} for item in chunk]}
            for pause_s in pauses():
                answer = await self._ask("batch_write_item", RequestItems=left)
                left = answer.get("UnprocessedItems", {})
                if not left:
                    break
                await asyncio.sleep(pause_s)
            if left:
                raise StoreError(f"{name}: writes were left undone {ATTEMPTS} times")

    # --- inside -------------------------------------------------------------------------------

    async def _ask(self, operation: str, **request: Any) -> dict[str, Any]:
        request["ReturnConsumedCapacity"] = "TOTAL"
        last: ClientError | None = None
        for pause_s in pauses():
            try:
                return await self.call(operation, **request)
            except ClientError as error:
                refused = refusals(error)
                if any(code == CONDITION_FAILED for code in refused):
                    places = [n for n, code in enumerate(refused) if code == CONDITION_FAILED]
                    raise ConditionFailed(places) from error
                if not any(code in AGAIN for code in refused):
                    raise StoreError(f"DynamoDB, {operation}: {error}") from error
                last = error
            await asyncio.sleep(pause_s)
        raise StoreError(f"DynamoDB, {operation}: refused {ATTEMPTS} times: {last}") from last

    async def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """One request of any kind and its answer; ``ClientError`` is DynamoDB's own no."""
        if self._pool is None:
            raise StoreError(f"the store {self.place.prefix} is closed")
        ask = partial(getattr(self.raw, operation), **request)
        try:
            answer: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(
                self._pool, ask
            )
        except BotoCoreError as error:
            raise StoreError(f"DynamoDB, {operation}: {error}") from error
        self.usage.count(operation, answer)
        return answer


def refusals(error: ClientError) -> list[str]:
    """Why DynamoDB refused: of a transaction item by item, otherwise one word."""
    reasons = error.response.get("CancellationReasons")
    if reasons:
        return [reason.get("Code", "None") for reason in reasons]
    return [error.response["Error"]["Code"].replace("CheckFailedException", "CheckFailed")]


def pauses() -> Iterator[float]:
    """Seconds to wait after each attempt: doubling to a limit, and never two alike."""
    pause_s = FIRST_PAUSE_S
    for _ in range(ATTEMPTS):
        yield _jitter(pause_s / 2, pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """``items`` in runs of at most ``size``."""
    return (items[start : start + size] for start in range(0, len(items), size))
