"""The one store that all processes of a campaign share: a real file, or tables of AWS's engine."""

import secrets
from pathlib import Path

from kalshi_edge.db.dynamo.store import DynamoStore
from kalshi_edge.db.sqlite import SqliteStore
from tests.support.dynamodb_local import place, tables_of


class Stores:
    """Opens connections to the store and closes them all in the end."""

    def __init__(self, folder: Path, engine: str = "") -> None:
        """``engine`` is the address of a DynamoDB; without one it is a file in ``folder``."""
        self._path = folder / "campaign.db"
        self._place = place(engine, f"campaign-{secrets.token_hex(6)}") if engine else None
        self._opened: list[SqliteStore | DynamoStore] = []

    async def open(self, mode: str) -> SqliteStore | DynamoStore:
        """A connection of its own to the store."""
        if self._place is None:
            file = SqliteStore(self._path, mode)
            self._opened.append(file)
            return file
        if not self._opened:
            await tables_of(self._place)
        tables = DynamoStore(self._place, mode)
        self._opened.append(tables)
        await tables.begin()
        return tables

    async def close(self) -> None:
        """Let go of all of them, those of dead processes too."""
        for store in self._opened:
            await store.close()
