"""Parts of a running program that an unexpected exception does not end.

A part that raises is begun again after a pause, which grows while it keeps raising. Only what says
that nothing may go on (``StoreError``, ``Fenced``), and cancellation, goes through.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from kalshi_edge.errors import StoreError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
CALM_AFTER_S = 600.0
"""A part that has run so long is well: its next pause is the first again."""

Failed: TypeAlias = Callable[[str, Exception], None]
"""Hears which part raised what; raises nothing."""


async def kept(part: str, work: Callable[[], Awaitable[None]], failed: Failed) -> None:
    """Have ``work`` done to its end, begun again as often as it raises what nobody expected."""
    now_s, pause_s = asyncio.get_running_loop().time, FIRST_PAUSE_S
    while True:
        began_s = now_s()
        try:
            await work()
        except StoreError:
            raise
        except Exception as error:
            failed(part, error)
        else:
            return
        if now_s() - began_s >= CALM_AFTER_S:
            pause_s = FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
