"""The tables: what each is keyed by, and how they are made, looked at and taken away.

Every step says beforehand what it would do; a table that is there already is left as it is.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.items import BY_CITY_AND_DATE, CALIBRATION, DAILY, JOURNAL, TRADES, TTL
from kalshi_edge.errors import StoreError

TAGS = [{"Key": "application", "Value": "kalshi-edge-trader"}]
LOOK_AGAIN_S = 1.0
LOOKS = 120

NOT_HERE = {"UnknownOperationException", "ValidationException"}
"""How DynamoDB Local says that it has no backups and no tags."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's key, and its index where it has one: partition, then sort."""

    name: str
    key: tuple[str, str]
    index: tuple[str, tuple[str, str]] | None = None


TABLES = (
    Table(TRADES, ("mode", "trade_id"), (BY_CITY_AND_DATE, ("climate_day", "city"))),
    Table(CALIBRATION, ("mode", "sk")),
    Table(DAILY, ("mode", "day")),
    Table(JOURNAL, ("pk", "sk")),
)


@dataclass(frozen=True, slots=True)
class TableState:
    """How a table is; ``status`` is empty where there is none."""

    name: str
    status: str = ""
    items: int = 0
    size_bytes: int = 0
    expires: bool = False
    """Whether records leave by themselves when their time is over."""
    backed_up: bool | None = None
    """Whether any second of the last days can be restored; ``None`` where that is not known."""
    indexes: tuple[str, ...] = ()


async def described(dynamo: Dynamo) -> Sequence[TableState]:
    """How every table is."""
    return [await _described(dynamo, dynamo.table(table.name)) for table in TABLES]


async def create_tables(dynamo: Dynamo) -> Sequence[str]:
    """Make what is missing; the sentences say what was done."""
    done: list[str] = []
    for table in TABLES:
        name = dynamo.table(table.name)
        state = await _described(dynamo, name)
        if not state.status:
            await _asked(dynamo, "create_table", **_definition(table, name))
            done.append(f"{name}: created, pay per request")
        await _until_active(dynamo, name)
        if not state.expires:
            spec = {"Enabled": True, "AttributeName": TTL}
            await _asked(
                dynamo, "update_time_to_live", TableName=name, TimeToLiveSpecification=spec
            )
            done.append(f"{name}: records expire by {TTL}")
        if not state.backed_up and await _backed_up(dynamo, name):
            done.append(f"{name}: point-in-time recovery is on")
    return done


async def delete_tables(dynamo: Dynamo) -> Sequence[str]:
    """Take away what is there, with everything in it; the sentences say what was done."""
    done: list[str] = []
    for state in await described(dynamo):
        if state.status:
            await _asked(dynamo, "delete_table", TableName=state.name)
            await _until_gone(dynamo, state.name)
            done.append(f"{state.name}: deleted")
    return done


def _definition(table: Table, name: str) -> dict[str, Any]:
    indexes = [] if table.index is None else [table.index]
    keys = {part for key in (table.key, *(key for _, key in indexes)) for part in key}
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": part, "AttributeType": "S"} for part in sorted(keys)
        ],
        "KeySchema": _schema(table.key),
        "Tags": TAGS,
    }
    if indexes:
        definition["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _schema(key),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, key in indexes
        ]
    return definition


def _schema(key: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(key, ("HASH", "RANGE"), strict=True)
    ]


async def _described(dynamo: Dynamo, name: str) -> TableState:
    try:
        table = (await dynamo.call("describe_table", TableName=name))["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return TableState(name)
        raise StoreError(f"DynamoDB, describe_table: {error}") from error
    expiry = await _asked(dynamo, "describe_time_to_live", TableName=name)
    return TableState(
        name=name,
        status=table["TableStatus"],
        items=table.get("ItemCount", 0),
        size_bytes=table.get("TableSizeBytes", 0),
        expires=expiry["TimeToLiveDescription"]["TimeToLiveStatus"] in {"ENABLED", "ENABLING"},
        backed_up=await _backup_state(dynamo, name),
        indexes=tuple(one["IndexName"] for one in table.get("GlobalSecondaryIndexes", ())),
    )


async def _backup_state(dynamo: Dynamo, name: str) -> bool | None:
    try:
        answer = await dynamo.call("describe_continuous_backups", TableName=name)
    except ClientError as error:
        _unknown_here(error, "describe_continuous_backups")
        return None
    told = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return bool(told["PointInTimeRecoveryStatus"] == "ENABLED")


async def _backed_up(dynamo: Dynamo, name: str) -> bool:
    try:
        await dynamo.call(
            "update_continuous_backups",
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    except ClientError as error:
        _unknown_here(error, "update_continuous_backups")
        return False
    return True


def _unknown_here(error: ClientError, operation: str) -> None:
    if error.response["Error"]["Code"] not in NOT_HERE:
        raise StoreError(f"DynamoDB, {operation}: {error}") from error


async def _until_active(dynamo: Dynamo, name: str) -> None:
    for _ in range(LOOKS):
        if (await _described(dynamo, name)).status == "ACTIVE":
            return
        await asyncio.sleep(LOOK_AGAIN_S)
    raise StoreError(f"{name} is not ready after {LOOKS * LOOK_AGAIN_S:.0f} s")


async def _until_gone(dynamo: Dynamo, name: str) -> None:
    for _ in range(LOOKS):
        if not (await _described(dynamo, name)).status:
            return
        await asyncio.sleep(LOOK_AGAIN_S)
    raise StoreError(f"{name} is still there after {LOOKS * LOOK_AGAIN_S:.0f} s")


async def _asked(dynamo: Dynamo, operation: str, **request: Any) -> dict[str, Any]:
    try:
        return await dynamo.call(operation, **request)
    except ClientError as error:
        raise StoreError(f"DynamoDB, {operation}: {error}") from error
