"""Whether a trader that nothing disturbs any more trades again, or would."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kalshi_edge.domain.events import CancelRequest, Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.records import Cause, Hold
from kalshi_edge.domain.verdicts import CycleDone, Refused
from tests.simulation.holds import BY_THEMSELVES, FOR_A_PERSON

if TYPE_CHECKING:
    from kalshi_edge.runtime.trader import Trader
    from tests.simulation.invariants import Witness

WITHIN = timedelta(minutes=10)
"""After the last fault."""
CLEAN_WITHIN = timedelta(minutes=3)
TRADER_WIDE = frozenset({"kill_switch", "reconciled", "order_group"})
"""Rules that refuse every entry, whatever it is."""


def question(at: datetime) -> CancelRequest:
    """A command that changes nothing and has an answer."""
    name = f"nothing by the name {at.isoformat()}"
    return CancelRequest(name, "is anybody there?", at, command_id=name)


def is_answered(asked: Event, lines: list[JournalEntry]) -> bool:
    """Whether the journal has the answer."""
    return any(
        isinstance(verdict, Refused) and verdict.subject == asked
        for line in lines
        for verdict in line.verdicts
    )


def is_to_be_lifted(hold: Hold) -> bool:
    """Whether neither a person nor a time is to lift ``hold``: a rule must, before long."""
    if "by hand" in hold.reason:  # the order group, reset too often in a day
        return False
    return hold.cause in BY_THEMSELVES or (hold.cause not in FOR_A_PERSON and hold.until_at is None)


def stuck(witness: "Witness", trader: "Trader", calm_at: datetime, calm_seq: int) -> list[str]:
    """What keeps the trader from trading, with no rule that asks for a person or for time.

    ``calm_seq`` is the last line of while it might still recover. Its number counts, not its time,
    for a line is dated by the machine's clock, which may have been ahead.
    """
    now, found = witness.now(), list[str]()
    holds = witness.holds.in_force(now)
    for hold in holds:
        if is_to_be_lifted(hold) and hold.since_at <= now - WITHIN:
            found.append(f"after {now - calm_at} of calm: {hold.cause} holds: {hold.reason}")
        elif hold.cause is Cause.DEFECT:
            found.append(f"the engine raised: {hold.reason}")
    if trader.line is not None:
        clean_at = trader.engine.watch.clean_at
        if clean_at is None or now - clean_at > CLEAN_WITHIN:
            found.append(f"after {now - calm_at} of calm: the books last agreed {clean_at}")
    cycles = [line for line in witness.lines if line.seq > calm_seq]
    done = [line for line in cycles if any(isinstance(v, CycleDone) for v in line.verdicts)]
    if not done:
        return [*found, f"after {now - calm_at} of calm: no cycle"]
    last, switch = done[-1].received_at, witness.holds.switch
    if not holds and (switch is None or switch.since_at < last):
        rules = {
            check.rule
            for verdict in done[-1].verdicts
            if isinstance(verdict, Refused)
            for check in verdict.failures
        }
        if blocked := rules & TRADER_WIDE:
            found.append(f"after {now - calm_at} of calm: nothing is bought: {blocked}")
    return found
