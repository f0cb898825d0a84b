"""From one store to another, record by record: the journal is played into an empty store again.

A copy that broke off goes on where it stopped; at its end every record is held against its first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kalshi_edge.db.current import SUBJECTS
from kalshi_edge.db.lines import lines_of
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.errors import StoreError
from kalshi_edge.ports import Store

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds, every record of it compared."""

    lines: int
    orders: int
    fills: int
    trades: int
    calibrations: int
    days: int
    notes: int


async def copy_store(source: Store, target: Store, watch: Watch = lambda *_: None) -> Copied:
    """Copy all of ``source`` into ``target``, which is empty or an unfinished copy of it.

    ``watch`` is told of lines done and in all. Raises ``StoreError`` where the target holds
    anything else, or where a record came out otherwise.
    """
    last, done = await source.last_seq(), await target.last_seq()
    await _refuse_other(source, target, done)
    for order in await source.orders():
        await target.add_order(order)
    async for line in lines_of(source, after_seq=done):
        await target.append(line)
        watch(line.seq, last)
    for name, text in (await source.notes()).items():
        await target.note(name, text.encode())
    return await compared(source, target)


async def compared(one: Store, other: Store) -> Copied:
    """How much two stores hold, once all of it is the same; raises ``StoreError`` where it is not.

    The switch is asked as of the journal's last line: one never thrown answers with the time.
    """
    last: JournalEntry | None = None
    theirs_too = lines_of(other)
    async for line in lines_of(one):
        if await anext(theirs_too, None) != line:
            raise StoreError(f"journal line {line.seq} is not the same in both stores")
        last = line
    if await anext(theirs_too, None) is not None:
        raise StoreError("one store has more journal lines than the other")
    records: dict[str, Any] = {}
    for name, ask in _QUESTIONS.items():
        records[name], theirs = await ask(one), await ask(other)
        if records[name] != theirs:
            raise StoreError(f"{name} are not the same in both stores")
    for kind in SUBJECTS:
        if await one.current(kind) != await other.current(kind):
            raise StoreError(f"the newest {kind.__name__} are not the same in both stores")
    at = last and last.received_at
    if at and await one.switch(at) != await other.switch(at):
        raise StoreError("the kill switch is not the same in both stores")
    counts = {name: len(found) for name, found in records.items()}
    return Copied(lines=last.seq if last else 0, **counts)


_QUESTIONS: dict[str, Callable[[Store], Any]] = {
    "orders": lambda store: store.orders(),
    "fills": lambda store: store.fill_ids(),
    "trades": lambda store: store.trades(),
    "calibrations": lambda store: store.calibrations(),
    "days": lambda store: store.daily_records(),
    "notes": lambda store: store.notes(),
}


async def _refuse_other(source: Store, target: Store, done: int) -> None:
    if not done:
        return
    (ours,), theirs = await target.journal(done - 1, 1), await source.journal(done - 1, 1)
    if list(theirs) != [ours]:
        raise StoreError(f"the target's journal line {done} is not the source's: not its copy")
