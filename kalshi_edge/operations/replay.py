"""Journals and recordings, decided again."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from kalshi_edge.data.recording.replaying import Decided, decisions_of, differences
from kalshi_edge.db.codec import from_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.engine import Setup
from kalshi_edge.errors import InputError
from kalshi_edge.runner import Difference, replay

READ_AHEAD_LINES = 20


def replay_store(path: Path) -> Iterator[Difference | None]:
    """Every line of a store's journal decided again: ``None`` where the verdicts are the same.

    Raises ``InputError`` where the file does not say under what setup it was written.
    """
    if not path.is_file():
        raise InputError(f"no file {path}")
    store = SqliteStore(path, mode=None)
    try:
        noted = asyncio.run(store.noted("setup"))
        if noted is None:
            raise InputError(f"{path} does not say under what setup its journal was written")
        setup: Setup = from_json(noted, Setup)
        engine = setup.fresh_engine()
        after_seq = 0
        while lines := asyncio.run(store.journal(after_seq, READ_AHEAD_LINES)):
            yield from replay(lines, engine)
            after_seq = lines[-1].seq
    finally:
        asyncio.run(store.close())


def replay_recording(folder: Path, store_path: Path) -> Iterator[Difference | None]:
    """Every line of a store's journal decided again from the recording made beside it."""
    return differences(folder, _journal(store_path))


def decide_recording(folder: Path) -> Iterator[Decided]:
    """What follows from a recording that goes back to its journal's first line."""
    return decisions_of(folder)


def _journal(path: Path) -> Sequence[JournalEntry]:
    if not path.is_file():
        raise InputError(f"no file {path}")
    store = SqliteStore(path, mode=None)
    try:
        return asyncio.run(store.journal())
    finally:
        asyncio.run(store.close())
