"""The witness's own record of the kill switch: which lines may lift, lower or shorten a hold."""

from datetime import timedelta

from kalshi_edge.domain.events import Event, LookDue, Resume
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState
from kalshi_edge.units import ZERO
from tests.simulation.holds import HoldsRecord
from tests.support.builders import NOW

BY_HAND = Hold(Cause.PERSON, SwitchState.CANCEL, "by hand", NOW)
DIFFERENT = Hold(Cause.RECONCILE, SwitchState.HALT, "cash differs", NOW)
LOSS = Hold(Cause.DAY_LOSS, SwitchState.HALT, "a loss", NOW, NOW + timedelta(hours=3))


def switch(*holds: Hold) -> Switch:
    found = Switch(SwitchState.RUN, "nothing", NOW)
    for hold in holds:
        found = found.with_hold(hold)
    return found


def read(before: Switch, after: Switch, event: Event | None = None) -> list[str]:
    record = HoldsRecord(before)
    events = (event or LookDue(NOW),)
    return record.read(JournalEntry(1, NOW, events, (after,), ZERO, ZERO))


def test_a_hold_of_a_person_lasts_until_a_person_lifts_it() -> None:
    both, left = switch(BY_HAND, DIFFERENT), switch(DIFFERENT)

    assert read(both, left)
    assert read(both, left, Resume("by hand", NOW, cause=Cause.RECONCILE))
    assert not read(both, left, Resume("by hand", NOW, cause=Cause.PERSON))
    assert not read(both, switch(), Resume("by hand", NOW))


def test_a_rule_lifts_its_own_cause_and_no_other() -> None:
    assert not read(switch(BY_HAND, DIFFERENT), switch(BY_HAND))
    assert read(switch(BY_HAND, DIFFERENT), switch())
    assert read(switch(LOSS, DIFFERENT), switch())


def test_no_hold_is_lowered_or_cut_short() -> None:
    milder = Hold(Cause.PERSON, SwitchState.HALT, "by hand", NOW)
    shorter = Hold(Cause.DAY_LOSS, SwitchState.HALT, "a loss", NOW, NOW + timedelta(hours=1))

    assert read(switch(BY_HAND), switch(milder))
    assert read(switch(LOSS), switch(shorter))
    assert not read(switch(milder), switch(BY_HAND))
