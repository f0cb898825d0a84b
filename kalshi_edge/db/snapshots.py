"""A snapshot as it is stored: what it was written by, what it is of, a checksum, and the state.

It only ever saves time. One that is missing, damaged, of another format or of another setup is no
snapshot: whoever asks reads the journal instead.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.engine import Setup
from kalshi_edge.errors import InputError, StoreError
from kalshi_edge.ports import Store

T = TypeVar("T")

EVERY_LINES = 20
"""A snapshot is written so often: a start reads so many lines at most, ten milliseconds each."""

FORMATS: Final[Mapping[str, int]] = {"engine": 3, "read_model": 2}
"""By name of what is stored. One more for every change of what a snapshot holds or means: what an
older program wrote is then read from the journal once."""


@dataclass(frozen=True, slots=True)
class SnapshotLabel:
    """What a snapshot is of."""

    format: int
    depends_on: str
    """A fingerprint of what the state depends on beside the journal."""
    checksum: str


def packed(name: str, value: object, depends_on: str = "") -> bytes:
    """``value``, the state of what is called ``name``, as it is stored."""
    state = to_json(value)
    label = SnapshotLabel(FORMATS[name], depends_on, _checksum(state))
    return zlib.compress(to_json(label) + b"\n" + state, level=1)


def unpacked(name: str, body: bytes, of: type[T], depends_on: str = "") -> T:
    """What ``packed`` was given; raises ``InputError`` where that cannot be told, or may not be."""
    try:
        text, _, state = zlib.decompress(body).partition(b"\n")
    except zlib.error as error:
        raise InputError(f"the snapshot of {name} is damaged: {error}") from error
    label: SnapshotLabel = from_json(text, SnapshotLabel)
    if label != SnapshotLabel(FORMATS[name], depends_on, _checksum(state)):
        raise InputError(f"the snapshot of {name} is of another format or setup, or damaged")
    value: T = from_json(state, of)
    return value


async def stored_snapshot(store: Store, name: str, of: type[T], depends_on: str = "") -> T | None:
    """What ``store`` has under ``name``; ``None`` where the journal has to be read instead."""
    try:
        body = await store.snapshot(name)
        return None if body is None else unpacked(name, body, of, depends_on)
    except (StoreError, InputError):
        return None


def fingerprint(setup: Setup) -> str:
    """Of what the facts in memory depend on; rules and limits are none of it."""
    on: tuple[Any, ...] = (setup.mode, setup.stations, setup.models, setup.starting_balance)
    return _checksum(b"".join(to_json(one) for one in on))


def _checksum(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
