"""One seed played from beginning to end: a SYNTHETIC world, a trader in it, and what goes wrong.

The exchange's rules, its REST and stream edges, our client, engine, executor, runner and the store
on a real file are the real ones. Made up are time, the network, the disk's fullness and death.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kalshi_edge.clock import WorldClock
from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.events import Command
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ExchangeDown, RequestRefused, SettingError, StoreError
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import Environment, Transport
from kalshi_edge.runtime.trader import Poll, Trader
from kalshi_sandbox.exchange.control.faults import Fault, Faults
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.server import Sandbox, sandbox_of
from kalshi_sandbox.weather.faults import Faults as WeatherFaults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World
from tests.simulation.alarms import unexplained
from tests.simulation.calm import come_to_rest
from tests.simulation.forecasts import BULLETIN_EVERY, Forecasts, Reports
from tests.simulation.incidents import befall
from tests.simulation.invariants import Witness
from tests.simulation.learned import first_line
from tests.simulation.outcome import Diary, Outcome, nameless
from tests.simulation.process_life import CrashPoint, GatedStore, Leases, Life, Over
from tests.simulation.scenario import Scenario
from tests.simulation.stores import Stores
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop, task_of
from tests.simulation.wire import SlowTransport, Streams

HOST = Host("http://127.0.0.1:1/trade-api/v2", "ws://127.0.0.1:1/trade-api/ws/v2")
HABITS = Habits(
    maker_every=timedelta(minutes=20),
    patient_every=timedelta(hours=3),
    taker_every=timedelta(minutes=8),
)
LOOKED_EVERY_S = 30.0
MAY_END_IT = (StoreError, ExchangeDown, RequestRefused, SettingError)
"""What a process may give up over: it is started again."""


class Simulation:
    """A scenario under way."""

    def __init__(self, scenario: Scenario, stores: Stores) -> None:
        self.scenario = scenario
        self.counts: Counter[str] = Counter()
        self.trace: list[str] = []
        self.scramble = 0.0
        self.rows_missing: float | None = None
        """The share of rows that pages leave out; ``None`` while they are whole and in order."""
        self.lives: list[Life] = []
        self._leases = Leases()
        self._is_calm = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._traders: dict[int, Trader] = {}
        self._streams: list[Streams] = []
        self._faults: list[Fault] = []
        self._off = timedelta()
        self._disk_full = False
        self._powered = asyncio.Event()
        self._powered.set()
        self._stores = stores
        self.settings = Settings(
            trading_mode=scenario.mode,
            starting_balance=scenario.balance,
            **scenario.settings,
        )
        self.clock = VirtualClock(scenario.start_at, asyncio.get_running_loop())
        self.exchange, self.sandbox = self._build()
        self._private = Ed25519PrivateKey.from_private_bytes(
            hashlib.sha256(f"key {scenario.seed}".encode()).digest()
        )
        pem = self._private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self._credential = self.exchange.enroll("us", pem, scenario.balance, tier=scenario.tier)
        self.exchange.views.lag = scenario.lag

    def _build(self) -> tuple[Exchange, Sandbox]:
        scenario = self.scenario
        world, weather = World(scenario.seed), WeatherFaults()
        self._nature = WorldNature(world, Newsroom(world, weather))
        stations = [station_of(city) for city in self.settings.cities]
        begins_at = scenario.start_at - timedelta(minutes=30)
        exchange = new_exchange(
            self._nature, stations, begins_at, seed=scenario.seed, habits=HABITS
        )
        exchange.faults = Faults(scenario.seed)
        exchange.venue.advance(scenario.start_at)
        clock = WorldClock(scenario.start_at, speed=1.0, real=self.clock)
        return exchange, sandbox_of(exchange, world, weather, clock, self.clock)

    # --- what incidents do ------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """Ours, as the exchange keeps it."""
        return self._credential.account

    @property
    def life(self) -> Life:
        """The newest process."""
        return self.lives[-1]

    def high_f(self, station: Station, day: date) -> int:
        """The world's maximum of a climate day, °F."""
        return self._nature.high_f(station, day)

    def life_trader(self) -> Trader | None:
        """The newest process's trader, if it runs."""
        return None if self.life.is_dead else self._traders.get(self.life.number)

    def tell(self, what: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.clock.now():%d %H:%M:%S.%f} {nameless(what)}")

    def overheard(self, _loop: object, context: dict[str, Any]) -> None:
        """A task died and nobody asked why; only those of a dead process may."""
        error = context.get("exception")
        if not isinstance(error, Over):
            self.witness.violated(f"{context['message']}: {error!r}")

    def strike(self, fault: Fault) -> Fault:
        """Let a fault wait for what it matches."""
        self._faults.append(fault)
        self.tell(f"fault: {fault.kind} × {fault.times}, chance {fault.chance:.2f}")
        return self.exchange.faults.add(fault)

    def lift(self, fault: Fault) -> None:
        """Take a fault back."""
        self.exchange.faults.lift(fault.fault_id)

    def machine_is_off(self, by: timedelta) -> None:
        """The machine's clock jumps to so much ahead of the truth."""
        self._off = by
        for life in self.lives:
            life.clock.off = by

    def disk_is_full(self, is_full: bool) -> None:
        """Whether anything can be written."""
        self._disk_full = is_full
        for life in self.lives:
            life.disk_full = is_full

    @property
    def left(self) -> timedelta:
        """How long the scenario still lasts."""
        return self.scenario.start_at + self.scenario.lasts - self.clock.now()

    def power_off(self, lasts: timedelta) -> None:
        """Kill everything and start nothing for a while."""
        self._powered.clear()
        for life in self.lives:
            life.kill("as the machine goes off")
        asyncio.get_running_loop().call_later(lasts.total_seconds(), self._powered.set)

    def command(self, made: Callable[[datetime], Command]) -> None:
        """A person says something to the newest process."""
        trader = self.life_trader()
        if trader is not None:
            command = made(self.life.clock.now())
            self.tell(f"command {command}")
            trader.inbox.put(command)

    def _wrong_report(self) -> None:
        self.counts["incident: a report corrected"] += 1

    def stop(self, life: Life) -> None:
        """End a process politely."""
        if not life.is_dead:
            self.tell(f"life {life.number} is told to stop")
            self._tasks[life.number].cancel()

    # --- lives ------------------------------------------------------------------------------------

    async def begin_life(self) -> None:
        """Start a process beside those that run."""
        number = len(self.lives) + 1
        clock = VirtualClock(self.scenario.start_at, asyncio.get_running_loop())
        clock.off = self._off
        life = Life(number, clock, self.tell, self._leases, disk_full=self._disk_full)
        random = self.scenario.random("life", number)
        if self._is_eventful:
            life.crash_point = (
                CrashPoint.drawn(random) if random.random() < 0.3 else self._left_crash_point()
            )
        self.lives.append(life)
        self.counts["lives"] += 1
        self.tell(f"life {number} begins")
        self._tasks[number] = task_of(life.process, self._live(life))

    def _left_crash_point(self) -> CrashPoint | None:
        """What lay in wait for the process before, unless that is what it died of."""
        before = self.lives[-1].crash_point if self.lives else None
        return None if before is None or before.times <= 0 else before

    async def _live(self, life: Life) -> None:
        try:
            environment = self._environment(life)
            opened_store = await self._stores.open(environment.store_mode)
            if (line := first_line(self.scenario, self.settings)) and life.number == 1:
                await opened_store.append(line)
            store = GatedStore(opened_store, life)
            forecasts = Forecasts(self.scenario, self.settings.stations, self._nature, life.clock)
            async with open_trader(self.settings, environment, store, ()) as opened:
                trader = replace(
                    opened,
                    polls=(Poll(forecasts, BULLETIN_EVERY / 3),),
                    reports=Poll(
                        Reports(
                            self.scenario,
                            self.settings.stations,
                            self._nature,
                            life.clock,
                            wrong=self._wrong_report,
                        ),
                        timedelta(minutes=15),
                    ),
                )
                self._traders[life.number] = trader
                await task_of(None, self.witness.restarted(life, trader))
                await trader.run()
        except asyncio.CancelledError:
            if not life.is_dead:
                self.tell(f"life {life.number} stops")
        except Over:
            pass
        except BaseException as error:
            self._ended(life, error)
        finally:
            life.end()

    def _ended(self, life: Life, error: BaseException) -> None:
        for one in _leaves(error):
            self.tell(f"life {life.number} ends: {one!r}")
            if isinstance(one, Over | asyncio.CancelledError):
                continue
            self.counts[f"ended by {type(one).__name__}"] += 1
            if not isinstance(one, MAY_END_IT):
                self.witness.violated(f"the process ended by {one!r}")

    def _environment(self, life: Life) -> Environment:
        random = self.scenario.random("wire", life.number)
        streams = Streams(self.sandbox, life, random, lambda: self.scramble)
        self._streams.append(streams)
        return Environment(
            mode=self.scenario.mode,
            host=HOST,
            clock=life.clock,
            addresses=WeatherAddresses.under("http://127.0.0.1:1"),
            user_agent="campaign",
            key=self._key(life),
            transport=Transport(
                weather=httpx.MockTransport(lambda _: httpx.Response(503)),
                exchange=SlowTransport(
                    self.sandbox, life, random, self.witness.sent, lambda: self.rows_missing
                ),
                connect=streams.connect,
                jitter=random.random,
                machine=life.clock,
                now_s=life.now_s,
            ),
            is_synthetic=True,
        )

    def _key(self, life: Life) -> ApiKey | None:
        if self.scenario.mode == "paper":
            return None
        return ApiKey(self._credential.key_id, self._private, life.clock)

    # --- from beginning to end --------------------------------------------------------------------

    async def _is_violated_early(self, *, until_violated: bool) -> bool:
        """Let the scenario's time pass; where asked, no longer than until something is violated."""
        passing = asyncio.create_task(asyncio.sleep(self.scenario.lasts.total_seconds()))
        violating = asyncio.create_task(self.witness.is_violated.wait())
        await asyncio.wait(
            {passing, violating} if until_violated else {passing},
            return_when=asyncio.FIRST_COMPLETED,
        )
        is_early = not passing.done()
        passing.cancel()
        violating.cancel()
        return is_early

    async def run(self, *, until_violated: bool) -> Outcome:
        """Play the scenario, let it come to rest, and compare; or only to the first violation."""
        self.witness = Witness(
            account=self._credential.account,
            store=None,
            settings=self.settings,
            now=self.clock.now,
            tell=self.tell,
            lives=lambda: sum(not life.is_dead for life in self.lives),
        )
        # A store of our own, opened first, so that the file is there.
        self.witness.store = await self._stores.open(f"synthetic {self.scenario.mode}")
        self.exchange.venue.listen(self.witness.hear)
        self._is_eventful = True
        background = [
            asyncio.create_task(work)
            for work in (self._keep_world(), self._restart(), self._watch())
        ]
        happening = [asyncio.create_task(self._happen(one)) for one in self.scenario.incidents]
        await self.begin_life()
        if not await self._is_violated_early(until_violated=until_violated):
            await self._calm(happening)
            await come_to_rest(self)
        await self._tear_down([*background, *happening])
        self._count()
        for what in unexplained(self.counts):
            self.witness.violated(what)
        return Outcome(self.scenario.seed, self.witness.violations, self.counts, self.trace)

    async def _happen(self, incident: Any) -> None:
        await asyncio.sleep(incident.after.total_seconds())
        self.tell(f"incident: {incident.name}")
        self.counts[f"incident: {incident.name}"] += 1
        await befall(self, incident.name, self.scenario.random("incident", incident.number))

    async def _keep_world(self) -> None:
        """Let the exchange do what falls due when it does, whether or not anybody asks."""
        venue = self.exchange.venue
        while True:
            due = venue.next_at or self.clock.now() + timedelta(minutes=1)
            await asyncio.sleep(max(self.clock.delay_s(due), 0.02))
            venue.advance(self.clock.now())

    async def _restart(self) -> None:
        """What a host does: a process that has ended is started again, a little later."""
        random = self.scenario.random("restart")
        while True:
            life = self.life
            await life.ended.wait()
            waits_s = (120.0, 900.0) if self._disk_full else (0.5, 5.0, 30.0, 300.0)
            with suppress(TimeoutError):
                async with asyncio.timeout(random.choice(waits_s)):
                    await self._is_calm.wait()
            await self._powered.wait()
            if life is self.life:
                await self.begin_life()

    async def _calm(self, happening: list[asyncio.Task[None]]) -> None:
        for task in happening:
            task.cancel()
        self._is_eventful = False
        self._is_calm.set()
        self.exchange.faults.lift()
        self.scramble = 0.0
        self.rows_missing = None
        self.exchange.oddities.unreadable.clear()
        self.exchange.oddities.null_lists = self.exchange.oddities.fractional_cents = False
        self.machine_is_off(timedelta())
        self.disk_is_full(False)
        for life in self.lives:
            life.crash_point = None
            life.wake()
            if life is not self.life:
                self.stop(life)
        self.tell("no more faults")

    async def _watch(self) -> None:
        """Have the witness look now and then."""
        while True:
            await asyncio.sleep(LOOKED_EVERY_S)
            await self.witness.look(self.life)

    async def _tear_down(self, tasks: list[asyncio.Task[None]]) -> None:
        for life in self.lives:
            life.tear_down()
        mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in (*tasks, *mine):
            task.cancel()
        with suppress(BaseException):
            await asyncio.wait(mine)
        await self._stores.close()

    def _count(self) -> None:
        counts, account = self.counts, self._credential.account
        counts.update(self.witness.counts)
        counts["settlements"] += len(account.settlements)
        for fault in self._faults:
            counts[f"fault: {fault.kind}"] += fault.struck
        for life in self.lives:
            counts["disk full: writes refused"] += life.refused_writes
            for (side, what), times in life.passed.items():
                counts[f"passed {side} {what}"] += times
            if life.killed_at:
                counts[f"killed {life.killed_at}"] += 1
        lines = [line for streams in self._streams for line in streams.lines]
        counts["frames out of order"] += sum(line.scrambled for line in lines)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


def play(
    scenario: Scenario, folder: Path, engine: str = "", *, until_violated: bool = False
) -> Outcome:
    """The outcome of a scenario, its store in ``folder`` or in the DynamoDB at ``engine``.

    Where asked, it ends with the first violation.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_play(scenario, Stores(folder, engine), until_violated=until_violated))


async def _play(scenario: Scenario, stores: Stores, *, until_violated: bool) -> Outcome:
    simulation = Simulation(scenario, stores)
    asyncio.get_running_loop().set_exception_handler(simulation.overheard)
    logger, diary = logging.getLogger("kalshi_edge"), Diary(simulation.tell)
    logger.addHandler(diary)
    logger.propagate = False
    try:
        return await simulation.run(until_violated=until_violated)
    finally:
        logger.removeHandler(diary)
        logger.propagate = True
