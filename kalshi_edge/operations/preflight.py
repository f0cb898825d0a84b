"""The preflight: what must be right before trading starts, check by check, and what to do.

Nothing is traded. The permission to order is asked for with an order group that stays empty.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime

from kalshi_edge.choices import StoreKind, TradingMode
from kalshi_edge.clock import SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.public_client import MAX_CLOCK_LEAD, PublicClient
from kalshi_edge.data.kalshi.reading import Reading
from kalshi_edge.db.open_store import open_store
from kalshi_edge.domain.market import FeeType, Ladder
from kalshi_edge.errors import EdgeError, ExchangeDown, SettingError
from kalshi_edge.operations.check_results import CheckResult, Grade, asked
from kalshi_edge.operations.machine_checks import machine_checks
from kalshi_edge.operations.source_checks import source_checks
from kalshi_edge.ports import Store
from kalshi_edge.runtime.environment import Environment, environment_of

CALM = "Nothing can be traded until then; the trader waits and continues by itself."
MARKETS = "Compare CITIES with the exchange; a refused market is not traded."
SHOWN = 3
KEY = "Make a key in the exchange's account settings, for this environment, with read and write."


async def preflight_checks(settings: Settings) -> AsyncIterator[CheckResult]:
    """Everything that can be checked before trading starts, in the order that problems build up."""
    yield _mode(settings)
    yield _limits(settings)
    yield _contact(settings)
    async for result in machine_checks(settings):
        yield result
    try:
        environment, key = await _environment(settings)
    except ExchangeDown as error:
        yield CheckResult("exchange", Grade.FAIL, str(error), "kalshi-edge sandbox run starts one.")
        return
    if key is not None:
        yield key
    async with AsyncExitStack() as stack:
        public = environment.public_client()
        stack.push_async_callback(public.aclose)
        async for result in _of_exchange(public, settings):
            yield result
        if (account := environment.account_client()) is not None:
            stack.push_async_callback(account.aclose)
            async for result in _of_account(account):
                yield result
    yield await _store(settings, environment)
    async for result in source_checks(settings, environment):
        yield result


def _mode(settings: Settings) -> CheckResult:
    if settings.sandbox_url:
        figure = f"{settings.trading_mode} in a sandbox, SYNTHETIC: {settings.sandbox_url}"
        return CheckResult("mode", Grade.PASS, figure)
    texts = {
        TradingMode.PAPER: "paper: real prices, simulated orders, no key in the process",
        TradingMode.DEMO: "demo: Kalshi's demo environment, mock money",
        TradingMode.LIVE: "live: REAL MONEY",
    }
    is_open = _is_unconfirmed(settings)
    advice = "Set LIVE_CONFIRM=yes once you have read docs/concepts/orders.md." if is_open else ""
    grade = Grade.FAIL if is_open else Grade.PASS
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
    return CheckResult("limits", Grade.PASS, figure)


def _contact(settings: Settings) -> CheckResult:
    if settings.contact or settings.sandbox_url:
        return CheckResult("contact", Grade.PASS, settings.contact or "none needed in a sandbox")
    grade = Grade.FAIL if settings.trading_mode is TradingMode.LIVE else Grade.WARN
    advice = "Set CONTACT to an e-mail address or web page of yours."
    figure = f"none: the weather offices see {settings.user_agent} and cannot reach you"
    return CheckResult("contact", grade, figure, advice)


async def _environment(settings: Settings) -> tuple[Environment, CheckResult | None]:
    if _is_unconfirmed(settings):
        # Real money's key signs nothing before it is confirmed, not even a question.
        return await environment_of(settings, asks_weather=False, signs=False), None
    try:
        environment = await environment_of(settings, asks_weather=False)
    except SettingError as error:
        environment = await environment_of(settings, asks_weather=False, signs=False)
        return environment, CheckResult("key", Grade.FAIL, str(error), KEY)
    if environment.key is None:
        return environment, None
    made = (
        "made for this check" if environment.is_synthetic else f"id …{settings.kalshi_key_id[-4:]}"
    )
    return environment, CheckResult("key", Grade.PASS, f"readable, {made}")


async def _of_exchange(public: PublicClient, settings: Settings) -> AsyncIterator[CheckResult]:
    try:
        status = await public.status()
    except EdgeError as error:
        advice = "Is this machine on the network? Else see the exchange's status page."
        yield CheckResult("exchange", Grade.FAIL, str(error), advice)
        return
    if status.takes_orders:
        yield CheckResult("exchange", Grade.PASS, "open, takes orders")
    else:
        until = f" until about {status.resumes_at:%H:%M}Z" if status.resumes_at else ""
        yield CheckResult("exchange", Grade.WARN, f"paused{until}", CALM)
    yield await asked("clock", _clock(public), "Set the clock by NTP: timedatectl set-ntp true.")
    try:
        ladders = await public.ladders(settings.stations)
    except EdgeError as error:
        yield CheckResult("markets", Grade.FAIL, str(error), MARKETS)
        return
    yield _markets(ladders, settings)
    yield _fees(ladders.found)


async def _clock(public: PublicClient) -> str:
    lead = await public.check_clock()
    limit_s = MAX_CLOCK_LEAD.total_seconds()
    return f"{lead.total_seconds():+.1f} s off the exchange's, within {limit_s:.0f} s"


def _markets(reading: Reading[Ladder], settings: Settings) -> CheckResult:
    count = sum(len(ladder.markets) for ladder in reading.found)
    figure = f"{count} in {len(reading.found)} ladders of {len(settings.cities)} cities"
    if not reading.refused:
        return CheckResult("markets", Grade.PASS, figure)
    refused = "; ".join(f"{one.name}: {one.reason}" for one in reading.refused[:SHOWN])
    grade = Grade.WARN if reading.found else Grade.FAIL
    return CheckResult("markets", grade, f"{figure}; refused: {refused}", MARKETS)


def _fees(ladders: tuple[Ladder, ...]) -> CheckResult:
    """Whether every ladder charges by a formula that we know, today and as announced."""
    rules = {ladder.series: ladder.fee_rule for ladder in ladders}
    unknown = sorted(name for name, rule in rules.items() if rule.fee_type is FeeType.UNKNOWN)
    texts = sorted({f"{rule.fee_type} × {rule.multiplier:g}" for rule in rules.values()})
    figure = f"{', '.join(texts) or 'none seen'} in {len(rules)} series"
    if unknown:
        advice = "These series are not traded. Is there a newer version of this program?"
        return CheckResult("fees", Grade.WARN, f"{figure}; unknown: {', '.join(unknown)}", advice)
    changes = sorted(
        {
            (change.effective_at, ladder.series)
            for ladder in ladders
            for change in ladder.fee_changes
        }
    )
    if changes:
        at, series = changes[0]
        figure += f"; {series} changes at {at:%Y-%m-%d %H:%M}Z"
    return CheckResult("fees", Grade.PASS, figure)


async def _of_account(account: AccountClient) -> AsyncIterator[CheckResult]:
    limits = await asked("signature", _tier(account), KEY)
    yield limits
    if limits.grade is Grade.FAIL:
        return
    advice = "Give the key the scopes read and write (write::trade is enough)."
    yield await asked("permission", _permission(account), advice)
    yield await asked("balance", _balance(account), "Give the key the scope read.")
    yield await asked("positions", _positions(account), "Give the key the scope read.")


async def _tier(account: AccountClient) -> str:
    limits = await account.learn_limits()
    read, write = limits.read.refill_per_s, limits.write.refill_per_s
    return f"accepted; tier {limits.tier}, {read:g} read and {write:g} write tokens a second"


async def _permission(account: AccountClient) -> str:
    group_id = await account.open_group(1)
    await account.drop_group(group_id)
    return "may place orders: an empty order group was created and deleted"


async def _balance(account: AccountClient) -> str:
    balance = await account.balance()
    if not balance:
        raise SettingError("$0: no money to trade with")
    return f"${balance:,.4f} to spend"


async def _positions(account: AccountClient) -> str:
    held = [position for position in await account.positions() if position.count]
    resting = [order for order in await account.orders() if order.resting]
    return f"{len(held)} held, {len(resting)} orders in the book; all of them will be tracked"


async def _store(settings: Settings, environment: Environment) -> CheckResult:
    is_file = settings.store is StoreKind.SQLITE
    name = str(settings.store_path) if is_file else f"DynamoDB in {settings.aws_region}"
    if is_file and not settings.store_path.exists():
        return CheckResult("store", Grade.PASS, f"{name}: new, created at the start")
    try:
        async with open_store(settings, environment.store_mode) as store:
            lines = await store.last_seq()
            now = environment.clock.now()
            switch = await store.switch(now)
            held = await _lease(store, SystemClock().now())
    except EdgeError as error:
        return CheckResult("store", Grade.FAIL, str(error), "Name another one with STORE_PATH.")
    if held:
        advice = "`kalshi-edge run` would wait for it: one process trades with a store."
        return CheckResult("store", Grade.WARN, f"{name}: {held}", advice)
    if not switch.is_halted(now):
        return CheckResult("store", Grade.PASS, f"{name}: {lines} journal lines; kill switch: run")
    figure = f"{name}: kill switch: {switch.level(now)} ({switch.cause}: {switch.reason})"
    return CheckResult("store", Grade.WARN, figure, "kalshi-edge resume, once you know why.")


async def _lease(store: Store, now: datetime) -> str:
    """Who trades with ``store`` at the machine's ``now``; empty where nobody does."""
    lease = await store.lease()
    if not lease.holder or lease.expires_at <= now:
        return ""
    return f"{lease.holder} trades with it (lease until {lease.expires_at:%H:%M:%S}Z)"
