"""The one store that all processes of a campaign share, a real file."""

from pathlib import Path

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.ports import Store


class Stores:
    """Opens connections to the store and closes them all in the end."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "campaign.db"
        self._opened: list[Store] = []

    def open(self, mode: str) -> Store:
        """A connection of its own to the store."""
        store = SqliteStore(self._path, mode)
        self._opened.append(store)
        return store

    async def close(self) -> None:
        """Let go of all of them, those of dead processes too."""
        for store in self._opened:
            await store.close()
