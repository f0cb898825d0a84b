"""What must be right before trading starts, asked one by one: each finding says what to do.

Nothing is traded. The permission to order is asked for with an order group that stays empty.
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum

from kalshi_edge.config import Settings, TradingMode
from kalshi_edge.data.kalshi.account_client import AccountClient
from kalshi_edge.data.kalshi.public_client import MAX_CLOCK_LEAD, PublicClient
from kalshi_edge.db.open_store import StoreKind, open_store
from kalshi_edge.errors import EdgeError, ExchangeDown, SettingError
from kalshi_edge.runtime.environment import Environment, environment_of

CALM = "Nothing can be traded until then; the trader waits and goes on by itself."
KEY = "Make a key in the exchange's account settings, for this environment, with read and write."


class Grade(StrEnum):
    """How a finding is."""

    GOOD = "ok"
    NOTE = "look"
    """Trading goes, but somebody should know."""
    BAD = "no"
    """Trading does not start like this."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at."""

    what: str
    grade: Grade
    figure: str
    advice: str = ""


async def preflight_checks(settings: Settings) -> AsyncIterator[CheckResult]:
    """Everything that can be asked before trading starts, in the order that problems build up."""
    yield _mode(settings)
    yield _limits(settings)
    yield _contact(settings)
    try:
        environment, key = await _place(settings)
    except ExchangeDown as error:
        yield CheckResult("exchange", Grade.BAD, str(error), "kalshi-edge sandbox run starts one.")
        return
    if key is not None:
        yield key
    async with AsyncExitStack() as stack:
        public = PublicClient(
            environment.host,
            environment.clock,
            environment.transport.jitter,
            machine=environment.transport.machine,
        )
        stack.push_async_callback(public.aclose)
        async for finding in _of_exchange(public, settings):
            yield finding
        if environment.key is not None:
            account = AccountClient(
                environment.host, environment.key, environment.clock, environment.transport.jitter
            )
            stack.push_async_callback(account.aclose)
            async for finding in _of_account(account):
                yield finding
    yield await _store(settings, environment)
    yield _api(settings)


def _mode(settings: Settings) -> CheckResult:
    if settings.sandbox_url:
        figure = f"{settings.trading_mode} in a sandbox, SYNTHETIC: {settings.sandbox_url}"
        return CheckResult("mode", Grade.GOOD, figure)
    texts = {
        TradingMode.PAPER: "paper: real prices, simulated orders, no key in the process",
        TradingMode.DEMO: "demo: Kalshi's demo environment, mock money",
        TradingMode.LIVE: "live: REAL MONEY",
    }
    is_open = _is_unconfirmed(settings)
    advice = "Set LIVE_CONFIRM=yes once you have read docs/concepts/orders.md." if is_open else ""
    grade = Grade.BAD if is_open else Grade.GOOD
    return CheckResult("mode", grade, texts[settings.trading_mode], advice)


def _is_unconfirmed(settings: Settings) -> bool:
    return settings.trading_mode is TradingMode.LIVE and settings.live_confirm != "yes"


def _limits(settings: Settings) -> CheckResult:
    """They are within their ranges, or there were no settings; a person sees what they mean."""
    figure = (
        f"day loss {settings.max_day_loss_share:.1%},"
        f" city and day {settings.max_city_day_share:.1%}, {settings.kelly_fraction:g} Kelly,"
        f" {settings.max_open_positions} positions, {settings.max_city_positions} per city"
    )
    return CheckResult("limits", Grade.GOOD, figure)


def _contact(settings: Settings) -> CheckResult:
    if settings.contact or settings.sandbox_url:
        return CheckResult("contact", Grade.GOOD, settings.contact or "none needed in a sandbox")
    advice = "Set CONTACT to an e-mail address or web page of yours."
    return CheckResult("contact", Grade.BAD, "the weather offices want to know who asks", advice)


async def _place(settings: Settings) -> tuple[Environment, CheckResult | None]:
    if _is_unconfirmed(settings):
        # Real money's key signs nothing before it is confirmed, not even a question.
        return await environment_of(settings, asks_weather=False, signs=False), None
    try:
        environment = await environment_of(settings, asks_weather=False)
    except SettingError as error:
        environment = await environment_of(settings, asks_weather=False, signs=False)
        return environment, CheckResult("key", Grade.BAD, str(error), KEY)
    if environment.key is None:
        return environment, None
    made = (
        "made for this look" if environment.is_synthetic else f"id …{settings.kalshi_key_id[-4:]}"
    )
    return environment, CheckResult("key", Grade.GOOD, f"readable, {made}")


async def _of_exchange(public: PublicClient, settings: Settings) -> AsyncIterator[CheckResult]:
    try:
        status = await public.status()
    except EdgeError as error:
        advice = "Is this machine on the network? Else see the exchange's status page."
        yield CheckResult("exchange", Grade.BAD, str(error), advice)
        return
    if status.takes_orders:
        yield CheckResult("exchange", Grade.GOOD, "open, takes orders")
    else:
        until = f" until about {status.resumes_at:%H:%M}Z" if status.resumes_at else ""
        yield CheckResult("exchange", Grade.NOTE, f"paused{until}", CALM)
    yield await _asked("clock", _clock(public), "Set the clock by NTP: timedatectl set-ntp true.")
    yield await _asked("markets", _markets(public, settings), "Compare CITIES with the exchange.")


async def _clock(public: PublicClient) -> str:
    lead = await public.check_clock()
    limit_s = MAX_CLOCK_LEAD.total_seconds()
    return f"{lead.total_seconds():+.1f} s off the exchange's, within {limit_s:.0f} s"


async def _markets(public: PublicClient, settings: Settings) -> str:
    reading = await public.ladders(settings.stations)
    if reading.refused:
        raise SettingError("; ".join(f"{one.name}: {one.reason}" for one in reading.refused[:3]))
    count = sum(len(ladder.markets) for ladder in reading.found)
    return f"{count} in {len(reading.found)} ladders of {len(settings.cities)} cities"


async def _of_account(account: AccountClient) -> AsyncIterator[CheckResult]:
    limits = await _asked("signature", _tier(account), KEY)
    yield limits
    if limits.grade is Grade.BAD:
        return
    advice = "Give the key the scopes read and write (write::trade is enough)."
    yield await _asked("permission", _permission(account), advice)
    yield await _asked("balance", _balance(account), "Give the key the scope read.")
    yield await _asked("positions", _positions(account), "Give the key the scope read.")


async def _tier(account: AccountClient) -> str:
    limits = await account.learn_limits()
    read, write = limits.read.refill_per_s, limits.write.refill_per_s
    return f"accepted; tier {limits.tier}, {read:g} read and {write:g} write tokens a second"


async def _permission(account: AccountClient) -> str:
    group_id = await account.open_group(1)
    await account.drop_group(group_id)
    return "may order: an empty order group was opened and dropped"


async def _balance(account: AccountClient) -> str:
    balance = await account.balance()
    if not balance:
        raise SettingError("$0: there is nothing to trade with")
    return f"${balance:,.4f} to spend"


async def _positions(account: AccountClient) -> str:
    held = [position for position in await account.positions() if position.count]
    resting = [order for order in await account.orders() if order.resting]
    return f"{len(held)} held, {len(resting)} orders in the book; all of them will be followed"


async def _store(settings: Settings, environment: Environment) -> CheckResult:
    is_file = settings.store is StoreKind.SQLITE
    name = str(settings.store_path) if is_file else f"DynamoDB in {settings.aws_region}"
    if is_file and not settings.store_path.exists():
        return CheckResult("store", Grade.GOOD, f"{name}: new, made at the start")
    try:
        async with open_store(settings, environment.store_mode) as store:
            lines = await store.last_seq()
            now = environment.clock.now()
            switch = await store.switch(now)
    except EdgeError as error:
        return CheckResult("store", Grade.BAD, str(error), "Name another one with STORE_PATH.")
    if not switch.is_halted(now):
        return CheckResult("store", Grade.GOOD, f"{name}: {lines} journal lines; kill switch: run")
    figure = f"{name}: kill switch: {switch.level(now)} ({switch.cause}: {switch.reason})"
    return CheckResult("store", Grade.NOTE, figure, "kalshi-edge resume, once you know why.")


def _api(settings: Settings) -> CheckResult:
    place = f"{settings.api_host}:{settings.api_port}"
    if settings.api_secret_key.get_secret_value():
        return CheckResult("api", Grade.GOOD, f"{place}, with a key")
    advice = "Set API_SECRET_KEY to reach it from elsewhere: openssl rand -hex 32."
    return CheckResult("api", Grade.NOTE, "this machine only: no API_SECRET_KEY", advice)


async def _asked(what: str, answer: Awaitable[str], advice: str) -> CheckResult:
    try:
        return CheckResult(what, Grade.GOOD, await answer)
    except EdgeError as error:
        return CheckResult(what, Grade.BAD, str(error), advice)
