"""Planted bugs in what holds trading back, and in what lets it go on."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from kalshi_edge import engine
from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState, _switch
from kalshi_edge.domain.verdicts import Verdict
from kalshi_edge.runtime.own_holds import OwnHold
from kalshi_edge.trading import supervisor
from kalshi_edge.trading.core import Core
from tests.simulation.planted.bug import PlantedBug, Reached, replaced

Patches = tuple[AbstractContextManager[Any], ...]


def _no_day_loss(reached: Reached) -> Patches:
    real = engine.day_loss_hold

    def never(*args: Any) -> None:
        if real(*args) is not None:
            reached()

    return (replaced(engine, "day_loss_hold", never),)


def _all_holds_lifted(reached: Reached) -> Patches:
    real = Switch.without

    def none_left(
        self: Switch,
        causes: Collection[Cause],
        reason: str,
        at: datetime,
        *,
        name: str | None = None,
    ) -> Switch:
        if real(self, causes, reason, at, name=name).state is not SwitchState.RUN:
            reached()
        return Switch(SwitchState.RUN, reason, at)

    return (replaced(Switch, "without", none_left),)


def _newest_hold_wins(reached: Reached) -> Patches:
    real = Switch.with_hold

    def with_hold(self: Switch, hold: Hold) -> Switch:
        others = [one for one in self.in_force(hold.since_at) if one.identity != hold.identity]
        newest = _switch((hold, *others), hold.reason, hold.since_at)
        kept = {one.identity: one.state for one in real(self, hold).holds}
        if kept[hold.identity] is not hold.state:
            reached()
        return newest

    return (replaced(Switch, "with_hold", with_hold),)


def _every_fill_halts(reached: Reached) -> Patches:
    filled = supervisor.filled

    def halting(core: Core, fill: Fill) -> tuple[Verdict, ...]:
        verdicts = filled(core, fill)
        if not verdicts:
            return ()
        reached()
        hold = Hold(Cause.FEE_DIFFERENCE, SwitchState.HALT, "a fill", fill.received_at, name="x")
        return (*verdicts, *core.kill_switch.hold(hold))

    return (replaced(supervisor, "filled", halting),)


def _nothing_enforced(reached: Reached) -> Patches:
    real = engine.enforcement

    def nothing(level: SwitchState, *args: Any) -> tuple[()]:
        if real(level, *args):
            reached()
        return ()

    return (replaced(engine, "enforcement", nothing),)


def _clock_held(reached: Reached) -> Patches:
    lift = OwnHold.lift

    async def lift_others(self: OwnHold, reason: str) -> None:
        if self.cause is Cause.CLOCK:
            reached()
        else:
            await lift(self, reason)

    return (replaced(OwnHold, "lift", lift_others),)


def _until_midnight_for_ever(reached: Reached) -> Patches:
    real = engine.day_loss_hold

    def for_ever(*args: Any) -> Hold | None:
        hold = real(*args)
        if hold is None:
            return None
        reached()
        return replace(hold, until_at=None)

    return (replaced(engine, "day_loss_hold", for_ever),)


HALT_BUGS = {
    "no day loss": PlantedBug("the day's loss has a limit", _no_day_loss),
    "day loss for ever": PlantedBug("a day's loss is over with the day", _until_midnight_for_ever),
    "all holds lifted": PlantedBug("lifting one hold leaves the others", _all_holds_lifted),
    "newest hold wins": PlantedBug("a second halt lowers no level", _newest_hold_wins),
    "every fill halts": PlantedBug("what no rule lifts holds nothing", _every_fill_halts),
    "nothing enforced": PlantedBug("CANCEL and FLATTEN take out and sell", _nothing_enforced),
    "clock held for ever": PlantedBug("a clock put right lets trading go on", _clock_held),
}
