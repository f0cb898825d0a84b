"""What goes wrong, by name: each is done to a running simulation, with draws of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from kalshi_edge.domain.events import CancelRequest, ClosePosition, Halt, Resume
from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.records import SwitchState
from kalshi_edge.units import CENT
from kalshi_sandbox.exchange.control.faults import Fault, FaultKind
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.exchange.venue.incidents import maintain
from tests.simulation import exchange_incidents, owner
from tests.simulation.process_life import CrashPoint
from tests.simulation.scenario import OVERNIGHT

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

ORDERS = "/portfolio/events/orders"
Befall = Callable[["Simulation", Random], Awaitable[None]]


def _order(kind: FaultKind, statuses: tuple[int, ...] = (500,)) -> Befall:
    """The next few orders meet a fault."""

    async def befall(on: "Simulation", random: Random) -> None:
        on.strike(
            Fault(
                kind,
                times=random.randint(1, 3),
                method=random.choice(("POST", "POST", None)),
                path=ORDERS,
                status=random.choice(statuses),
            )
        )

    return befall


def _storm(kind: FaultKind, statuses: tuple[int, ...] = (500,), longest_s: float = 400) -> Befall:
    """For a while most requests meet a fault."""

    async def befall(on: "Simulation", random: Random) -> None:
        fault = on.strike(
            Fault(
                kind,
                times=None,
                chance=random.uniform(0.3, 0.95),
                status=random.choice(statuses),
                delay_s=random.choice((0.7, 4.0, 15.0, 25.0)),
            )
        )
        await asyncio.sleep(random.uniform(20, longest_s))
        on.lift(fault)

    return befall


def _frames(kind: FaultKind) -> Befall:
    """Some of the next frames meet a fault."""

    async def befall(on: "Simulation", random: Random) -> None:
        fault = on.strike(
            Fault(
                kind,
                times=random.randint(1, 30),
                chance=random.uniform(0.1, 1.0),
                channel=random.choice((None, "fill", "user_orders", "orderbook_delta")),
                status=random.choice((10, 25)),
                delay_s=random.uniform(0.5, 20),
            )
        )
        await asyncio.sleep(random.uniform(120, 1200))
        on.lift(fault)

    return befall


async def _partial_fill(on: "Simulation", random: Random) -> None:
    share = random.choice((0.0, 0.1, 0.37, 0.8))
    on.strike(Fault(FaultKind.PARTIAL_FILL, times=2, method="POST", path=ORDERS, share=share))


async def _out_of_order(on: "Simulation", random: Random) -> None:
    on.scramble = random.uniform(0.05, 0.5)
    await asyncio.sleep(random.uniform(120, 1200))
    on.scramble = 0.0


async def _stream_cut(on: "Simulation", _random: Random) -> None:
    on.sandbox.streams.drop_all()


async def _stream_frozen(on: "Simulation", _random: Random) -> None:
    on.sandbox.streams.freeze_all()


def _maintenance(*, whole: bool) -> Befall:
    async def befall(on: "Simulation", random: Random) -> None:
        on.exchange.venue.advance(on.clock.now())
        maintain(on.exchange, timedelta(minutes=random.uniform(1, 20)), whole=whole)

    return befall


async def _market_halted(on: "Simulation", random: Random) -> None:
    venue = on.exchange.venue
    venue.advance(on.clock.now())
    markets = [m for m in venue.markets.values() if m.status is MarketStatus.ACTIVE]
    market = random.choice(markets)
    venue.halt(market)
    await asyncio.sleep(random.uniform(60, 1200))
    if market.status is MarketStatus.INACTIVE:
        on.exchange.desk.reactivate(market)


async def _kill(on: "Simulation", _random: Random) -> None:
    on.life.kill("at an instant")


async def _kill_on_the_way(on: "Simulation", random: Random) -> None:
    """Death lies in wait on the order path, and a person has that walked soon."""
    on.life.crash_point = CrashPoint.drawn(random)
    await asyncio.sleep(random.uniform(0, 30))
    await random.choice((_close, _cancel))(on, random)


async def _restart(on: "Simulation", _random: Random) -> None:
    on.stop(on.life)


async def _two_instances(on: "Simulation", random: Random) -> None:
    """A deploy: the new one starts while the old one still trades, which then ends or is killed."""
    old = on.life
    await on.begin_life()
    await asyncio.sleep(random.choice((0.3, 20.0, 200.0, 600.0)))
    if random.random() < 0.5:
        on.stop(old)
    else:
        old.kill("as the old instance")


async def _process_stopped(on: "Simulation", random: Random) -> None:
    """A machine that stands still while another takes over, and then goes on."""
    old = on.life
    asleep = asyncio.create_task(old.stop(random.uniform(20, 900)))
    if random.random() < 0.6:
        await asyncio.sleep(random.uniform(1, 120))
        await on.begin_life()
    await asleep
    await asyncio.sleep(random.uniform(5, 600))
    if old is not on.life:
        old.kill("after it had been stopped")


async def _machine_sleeps(on: "Simulation", random: Random) -> None:
    """A suspended machine: monotonic clocks stand still, and the world's goes on."""
    seconds = random.choice((20.0, 200.0, 1800.0, 10_000.0)) * random.uniform(0.5, 1.5)
    seconds = min(seconds, max(on.left.total_seconds() - 60, 10.0))
    await asyncio.gather(*(life.sleep(seconds) for life in on.lives if not life.is_dead))


async def _clock_jump(on: "Simulation", random: Random) -> None:
    """The clock is set, perhaps several times, and is right again in the end."""
    for _ in range(random.choice((1, 1, 2, 3))):
        off_s = random.choice((-21_600, -7200, -900, -20, -3, 3, 20, 900, 7200, 21_600))
        on.machine_is_off(timedelta(seconds=off_s))
        await asyncio.sleep(random.uniform(60, 1200))
    on.machine_is_off(timedelta())


async def _disk_full(on: "Simulation", random: Random) -> None:
    on.disk_is_full(True)
    await asyncio.sleep(random.uniform(10, 900))
    on.disk_is_full(False)


async def _machine_off(on: "Simulation", _random: Random) -> None:
    """Everything dies, and starts again only when the markets have settled."""
    on.power_off(on.left - timedelta(minutes=20))


async def _halt(on: "Simulation", random: Random) -> None:
    """A person holds trading back, perhaps once more at another level, and lets it go on."""
    levels = (SwitchState.HALT, SwitchState.CANCEL, SwitchState.REDUCE, SwitchState.FLATTEN)
    for level in random.choices((SwitchState.HALT, *levels), k=random.choice((1, 2))):
        on.command(lambda at, level=level: Halt("by hand, in the campaign", at, level=level))  # type: ignore[misc]
        await asyncio.sleep(random.uniform(60, 450))
    on.command(lambda at: Resume("by hand, in the campaign", at))


async def _resume(on: "Simulation", _random: Random) -> None:
    on.command(lambda at: Resume("by hand, in the campaign", at))


async def _close(on: "Simulation", random: Random) -> None:
    """A person sells, at once or by an order that waits in the book."""
    _sell(on, random, waits=random.random() < 0.4)


def _sell(on: "Simulation", random: Random, *, waits: bool) -> None:
    trader = on.life_trader()
    held = [] if trader is None else list(trader.engine.account.tracker.open_trades())
    if not held:
        return
    trade = random.choice(held)
    bid = on.exchange.venue.markets[trade.ticker].bid or CENT
    count = random.choice((trade.open_count, trade.open_count, min(trade.open_count, Decimal(1))))
    wanted = bid + CENT * random.randint(1, 6) if waits else bid - CENT * 2
    price = min(max(wanted, CENT), 1 - CENT)
    if trade.side is Side.SELL:
        price = 1 - CENT
    on.command(lambda at: ClosePosition(trade.trade_id, count, price, at, waits=waits))


async def _cancel(on: "Simulation", random: Random) -> None:
    """A person takes an order out of the book; where none waits there, one does first."""
    if not _live(on):
        _sell(on, random, waits=True)
        await asyncio.sleep(random.uniform(0.5, 30))
    if live := _live(on):
        name = random.choice(live)
        on.command(lambda at: CancelRequest(name, "by hand, in the campaign", at))


async def _cancel_refused(on: "Simulation", random: Random) -> None:
    """A cancel does not reach the order, which goes on resting."""
    kind = random.choice((FaultKind.REFUSE, FaultKind.REFUSE, FaultKind.DROP_BEFORE))
    status = random.choice((429, 500, 503))
    on.strike(Fault(kind, times=1, method="DELETE", path=ORDERS, status=status))
    await _cancel(on, random)


def _live(on: "Simulation") -> list[str]:
    trader = on.life_trader()
    orders = [] if trader is None else trader.engine.account.orders.values()
    return [order.intent.intent_id for order in orders if order.is_live]


INCIDENTS: dict[str, Befall] = {
    "dropped reply": _order(FaultKind.DROP_AFTER),
    "dropped request": _order(FaultKind.DROP_BEFORE),
    "5xx after acceptance": _order(FaultKind.LOSE, (500, 502, 503, 504)),
    "no answer": _order(FaultKind.HANG),
    "slow answers": _storm(FaultKind.LATENCY),
    "429 storm": _storm(FaultKind.REFUSE, (429,)),
    "5xx storm": _storm(FaultKind.REFUSE, (500, 502, 503)),
    "partial fill": _partial_fill,
    "frames lost": _frames(FaultKind.STREAM_GAP),
    "frames twice": _frames(FaultKind.STREAM_REPEAT),
    "frames late": _frames(FaultKind.STREAM_DELAY),
    "frames out of order": _out_of_order,
    "subscription ended": _frames(FaultKind.STREAM_ERROR),
    "stream cut": _stream_cut,
    "stream frozen": _stream_frozen,
    "maintenance": _maintenance(whole=True),
    "trading pause": _maintenance(whole=False),
    "market halted": _market_halted,
    "kill": _kill,
    "kill on the order path": _kill_on_the_way,
    "restart": _restart,
    "two instances": _two_instances,
    "process stopped": _process_stopped,
    "machine sleeps": _machine_sleeps,
    "clock jump": _clock_jump,
    "disk full": _disk_full,
    "halt by hand": _halt,
    "resume by hand": _resume,
    "close by hand": _close,
    "cancel by hand": _cancel,
    "cancel refused": _cancel_refused,
    "the owner trades": owner.trades,
    "the owner amends": owner.amends,
    "the owner cancels": owner.cancels,
    "money paid in or out": owner.pays,
    "interest": owner.interest,
    "rows nobody can read": owner.odd_rows,
    "null lists": owner.odd_lists,
    "pages out of order": owner.odd_pages,
    "fees waived": exchange_incidents.fees_waived,
    "fee change": exchange_incidents.fee_change,
    "scalar settlement": exchange_incidents.scalar,
    "settled otherwise": exchange_incidents.settled_otherwise,
    "order group triggered": exchange_incidents.group_triggered,
    "prices fall": exchange_incidents.prices_fall,
    OVERNIGHT: _machine_off,
}


async def befall(on: "Simulation", name: str, random: Random) -> Any:
    """Let one incident happen; what an exchange cannot do just now does not happen."""
    try:
        await INCIDENTS[name](on, random)
    except Refusal:
        on.tell(f"{name}: not now")
