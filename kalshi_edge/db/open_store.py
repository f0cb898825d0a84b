"""Which store the settings name, opened for as long as a block lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from kalshi_edge.choices import StoreKind
from kalshi_edge.db.dynamo.config import DynamoConfig, Keep
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.ports import Store


class StoreSettings(Protocol):
    """What of the settings says where the store is."""

    @property
    def store(self) -> StoreKind:
        """Its kind."""
        ...

    @property
    def store_path(self) -> Path:
        """The SQLite file."""
        ...

    @property
    def dynamo_config(self) -> DynamoConfig:
        """Where the DynamoDB tables are."""
        ...

    @property
    def dynamo_keep(self) -> Keep:
        """How long their records are kept."""
        ...


@asynccontextmanager
async def open_store(settings: StoreSettings, mode: str | None) -> AsyncIterator[Store]:
    """The store of ``settings``, closed with the block; ``None`` as mode is to look only.

    Raises ``StoreError`` where it belongs to another mode or to a newer program.
    """
    if settings.store is StoreKind.DYNAMODB:
        # boto3 takes half a second to import, which only whoever uses it should wait for.
        from kalshi_edge.db.dynamo.store import DynamoStore  # noqa: PLC0415

        async with DynamoStore(settings.dynamo_config, mode, settings.dynamo_keep) as tables:
            yield tables
        return
    store = SqliteStore(settings.store_path, mode)
    try:
        yield store
    finally:
        await store.close()
