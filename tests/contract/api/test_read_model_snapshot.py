"""The API's past: the same from a snapshot of any line as from the journal, and while it is read.

Held against a model that was told every line in full, as it was written.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from kalshi_edge.api import read_model as module
from kalshi_edge.api.read_model import READ_MODEL, ReadModel
from kalshi_edge.db.snapshots import packed
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.journal import JournalEntry
from tests.support.evidence_days import evidence_days
from tests.support.trader_harness import (
    CITIES,
    SETUP,
    DrawnExchange,
    Scene,
    TraderHarness,
    told,
)

DAYS = [
    Scene(30, CITIES, 54.0, 12, 500, crash=False, command="halt", settles=False),
    Scene(30, CITIES, 54.0, 16, 20, crash=False, command="resume", settles=False),
    Scene(700, CITIES, 54.0, 16, 20, crash=False, command="close", settles=True),
    Scene(700, CITIES, 52.5, 20, 50, crash=True, command="", settles=True),
] * 2


async def traded() -> tuple[SqliteStore, Sequence[JournalEntry]]:
    """A store with a journal in which everything happens."""
    desk = TraderHarness(DrawnExchange([]))
    events = [*told(DAYS), *evidence_days((54, 52), begun=datetime(2026, 11, 28, 20, tzinfo=UTC))]
    await desk.play([*events, CycleDue(events[-1].received_at)])
    return desk.store, await desk.store.journal()


def shown(model: ReadModel) -> dict[str, Any]:
    """All that it shows."""
    return {
        name: value for name, value in vars(model).items() if name not in {"cycles", "listeners"}
    }


def model_of(lines: Sequence[JournalEntry]) -> ReadModel:
    model = ReadModel()
    for line in lines:
        model.publish(line)
    return model


async def test_the_past_is_what_was_shown_while_it_was_written() -> None:
    store, lines = await traded()
    model = ReadModel()
    await model.read(store)
    assert shown(model) == shown(model_of(lines))
    # it was a past in which everything happened, but that nothing was posted
    no_quotes = {"recorded", "mark_outs"}
    assert all(shown(model)[name] for name in module._SHOWN if name not in no_quotes)


async def test_from_a_snapshot_of_any_line_it_is_the_same() -> None:
    store, lines = await traded()
    writing, whole = ReadModel(), shown(model_of(lines))
    for line in lines:
        writing.publish(line)
        await store.put_snapshot(READ_MODEL, packed(READ_MODEL, writing.snapshot(line.seq)))
        model = ReadModel()
        await model.read(store)
        assert shown(model) == whole


@pytest.mark.parametrize("body", [b"", b"damaged", packed("engine", DAYS[0])])
async def test_what_is_no_snapshot_of_it_is_left_alone(body: bytes) -> None:
    store, lines = await traded()
    await store.put_snapshot(READ_MODEL, body)
    model = ReadModel()
    await model.read(store)
    assert shown(model) == shown(model_of(lines))


async def test_what_is_written_meanwhile_is_shown_at_once_and_stays() -> None:
    store, lines = await traded()
    *past, last = lines
    model, heard = ReadModel(), list[int]()
    model.listeners.append(lambda line: heard.append(line.seq))

    async with SqliteStore(":memory:", SETUP.mode) as shorter:
        for order in await store.orders():
            await shorter.add_order(order)
        for line in past:
            await shorter.append(line)
        reading = asyncio.create_task(model.read(shorter))
        await asyncio.sleep(0)
        assert not reading.done()
        assert model.snapshot(last.seq) is None
        await shorter.append(last)
        model.publish(last)
        assert (model.seq, heard) == (last.seq, [last.seq])
        await reading
    assert shown(model) == shown(model_of(lines))
    assert model.snapshot(last.seq) is not None
