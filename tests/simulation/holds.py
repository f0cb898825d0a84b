"""The kill switch as the journal's lines leave it one after another, without the core's help."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from kalshi_edge.domain.events import AcknowledgeTerms, Event, Resume
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState

BY_THEMSELVES = frozenset(
    {
        Cause.RECONCILE,
        Cause.STALE_DATA,
        Cause.FEE_DIFFERENCE,
        Cause.LEASE,
        Cause.ORDER_GROUP,
        Cause.CLOCK,
    }
)
"""Causes whose hold a rule lifts once its reason is gone."""
FOR_A_PERSON = frozenset({Cause.PERSON, Cause.DRILL, Cause.TERMS, Cause.DEFECT})
"""Causes that wait for a person, whatever else is well."""


@dataclass
class HoldsRecord:
    """What is held back, and what each line may do about it."""

    switch: Switch | None = None
    since: dict[Cause, datetime] = field(default_factory=dict)
    """When each cause's hold was last seen thrown."""

    def in_force(self, at: datetime) -> tuple[Hold, ...]:
        """Every hold that is not over."""
        return () if self.switch is None else self.switch.in_force(at)

    def level(self, at: datetime) -> SwitchState:
        """The strongest level in force."""
        return SwitchState.RUN if self.switch is None else self.switch.level(at)

    def read(self, line: JournalEntry) -> list[str]:
        """What of ``line`` breaks the switch's rules: a hold lost, lowered or cut short."""
        found = []
        for verdict in line.verdicts:
            if isinstance(verdict, Switch):
                found += self._thrown(verdict, line)
        return found

    def _thrown(self, after: Switch, line: JournalEntry) -> list[str]:
        at = line.received_at
        before, self.switch = self.in_force(at), after
        left = {hold.identity: hold for hold in after.in_force(at)}
        for hold in after.in_force(at):
            if hold.identity not in {one.identity for one in before}:
                self.since[hold.cause] = at
        found, lost = [], list[Hold]()
        for hold in before:
            now = left.get(hold.identity)
            if now is None:
                lost.append(hold)
            elif _is_less(now, hold) and not _lifted(hold, line.events):
                found.append(f"{hold.cause} went from {hold.state} down to {now.state}")
        unasked = [hold for hold in lost if not _lifted(hold, line.events)]
        causes = {hold.cause for hold in unasked}
        if causes - BY_THEMSELVES or len(causes) > 1:
            names = ", ".join(sorted(causes))
            found.append(f"line {line.seq} lifts holds that nobody lifted: {names}")
        return found


def _is_less(after: Hold, before: Hold) -> bool:
    if after.state.severity < before.state.severity:
        return True
    if after.until_at is None:
        return False
    return before.until_at is None or after.until_at < before.until_at


def _lifted(hold: Hold, events: Iterable[Event]) -> bool:
    """Whether somebody among ``events`` wanted ``hold`` lifted."""
    for event in events:
        match event:
            case Resume():
                if event.cause in {None, hold.cause} and event.name in {None, hold.name}:
                    return True
            case AcknowledgeTerms():
                if hold.cause is Cause.TERMS:
                    return True
    return False
