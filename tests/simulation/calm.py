"""After the last fault: books agree, the trader trades again, and leaves when it is told to."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kalshi_edge.domain.events import Halt, Resume
from kalshi_edge.domain.records import Cause, SwitchState
from tests.simulation.alarms import AT_REST
from tests.simulation.at_rest import differences, left_over
from tests.simulation.exchange_incidents import held_markets
from tests.simulation.holds import FOR_A_PERSON
from tests.simulation.liveness import (
    CLEAN_WITHIN,
    WITHIN,
    is_answered,
    is_to_be_lifted,
    question,
    stuck,
)

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

ANSWERED_WITHIN_S = 60.0
FLATTENED_WITHIN = timedelta(minutes=4)
SOLD_WITHIN = timedelta(seconds=30)
"""So long after a bid came a trader that flattens has sold into it."""


async def come_to_rest(on: "Simulation") -> None:
    """Ledger and exchange must agree, the trader trade again, and leave when it is told to."""
    pause = on.exchange.venue.paused
    if pause is not None and pause.is_whole_exchange:
        await asyncio.sleep(on.clock.delay_s(pause.resumes_at) + 1)
    calm_at = on.clock.now()
    await asyncio.sleep(WITHIN.total_seconds() / 2)
    await on.witness.read()
    calm_seq = on.witness.read_seq
    await asyncio.sleep(WITHIN.total_seconds() / 2)
    waiting = _waiting_for_a_person(on)
    for cause in waiting:
        on.command(lambda at, cause=cause: Resume("by hand, when all was well", at, cause=cause))  # type: ignore[misc]
    if waiting:
        on.counts[f"incident: {AT_REST}"] += 1
        await asyncio.sleep(CLEAN_WITHIN.total_seconds())
    for difference in await _differences(on):
        on.witness.violated(difference)
    if on.witness.violations:
        return
    on.tell("ledger and exchange agree")
    await _is_alive(on, calm_at, calm_seq)
    await _drill(on)


def _waiting_for_a_person(on: "Simulation") -> set[Cause]:
    """Whose holds a person is to lift: a difference only where no list explains the cash."""
    asked = FOR_A_PERSON | ({Cause.RECONCILE} if on.witness.unlisted else set())
    held = on.witness.holds.in_force(on.clock.now())
    return {hold.cause for hold in held if hold.cause in asked or "by hand" in hold.reason}


async def _differences(on: "Simulation") -> list[str]:
    trader = on.life_trader()
    return ["nothing runs"] if trader is None else await differences(on.witness, trader)


async def _is_alive(on: "Simulation", calm_at: datetime, calm_seq: int) -> None:
    """The loop answers, and what holds trading back has a rule that will lift it."""
    asked = question(on.clock.now())
    on.command(lambda _: asked)
    await asyncio.sleep(ANSWERED_WITHIN_S)
    await on.witness.read()
    if not is_answered(asked, on.witness.lines):
        on.witness.violated("the loop does not answer")
    held = on.witness.holds.in_force(on.clock.now())
    if any(is_to_be_lifted(hold) for hold in held):
        # It may be new: that a group was triggered shows when the first order is refused.
        await asyncio.sleep(WITHIN.total_seconds())
        await on.witness.read()
    trader = on.life_trader()
    if trader is None:
        on.witness.violated("nothing runs")
        return
    for problem in stuck(on.witness, trader, calm_at, calm_seq):
        on.witness.violated(problem)


async def _drill(on: "Simulation") -> None:
    """A person has all sold: nothing rests then, and nothing is held that the books pay for."""
    held = {market.ticker for market in held_markets(on)}
    on.counts["positions to be sold"] += len(held)
    on.command(lambda at: Halt("the last drill", at, level=SwitchState.FLATTEN))
    await asyncio.sleep(FLATTENED_WITHIN.total_seconds())
    left = set(left_over(on.account))
    # A bid of this moment is not sold into yet: what is left stays left.
    await asyncio.sleep(SOLD_WITHIN.total_seconds())
    if on.exchange.venue.paused is None and on.scenario.mode != "paper":
        for problem in left & set(left_over(on.account)):
            on.witness.violated(f"after {FLATTENED_WITHIN} of FLATTEN: {problem}")
    on.command(lambda at: Resume("the drill is over", at))
    await asyncio.sleep(CLEAN_WITHIN.total_seconds())
    for difference in await _differences(on):
        on.witness.violated(f"after the drill: {difference}")
