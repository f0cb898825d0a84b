"""A writer is killed at random, again and again: nothing that it acknowledged is ever lost.

``make kills KILLS=200`` does it two hundred times; the suite does it a few times.
"""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.db.verify import checked

KILLS = int(os.environ.get("KILLS", "8"))
ROOT = Path(__file__).resolve().parents[2]
WRITER = """
    import asyncio, sys
    from dataclasses import replace
    from kalshi_edge.db.sqlite import SqliteStore
    from kalshi_edge.domain.orders import Order
    from tests.support.builders import fill, intent
    from tests.contract.store.test_store_contract import TRADE, line

    async def write(path):
        async with SqliteStore(path, "paper") as store:
            seq = await store.last_seq()
            while True:
                seq += 1
                order = Order(intent(name=str(seq)))
                await store.add_order(order)
                trade = replace(TRADE, trade_id=str(seq))
                await store.append(line(seq, trade, order, events=(fill(order.intent, 1, "0.33"),)))
                print(seq, flush=True)

    asyncio.run(write(sys.argv[1]))
"""


async def test_nothing_acknowledged_is_lost_however_often_the_writer_is_killed(
    tmp_path: Path,
) -> None:
    path, chance, safe = tmp_path / "killed.db", random.Random(1), 0
    for _ in range(KILLS):
        safe = max(safe, _killed_after(chance.uniform(0.0, 0.15), path))
        async with SqliteStore(path, "paper") as store:
            told, faults = await checked(store)
            assert faults == []
            assert told.lines >= safe
            # An intent may be ahead of its line by one for each death, never behind it.
            assert told.lines <= len(await store.orders()) <= told.lines + KILLS
        safe = told.lines
    print(f"{KILLS} kills, {safe} lines acknowledged or written, none lost")  # noqa: T201


def _killed_after(seconds: float, path: Path) -> int:
    """The last line acknowledged by a writer that is killed so long after its first."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline()]
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    whole = [int(text) for text in said if text.endswith("\n")]
    assert whole, "the writer wrote nothing"
    return whole[-1]
