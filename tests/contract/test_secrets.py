"""No key, signature or password shows in anything that a failing run writes or answers."""

import asyncio
import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from kalshi_edge.clock import SystemClock
from kalshi_edge.config import load_settings
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey, parse_api_key
from kalshi_edge.data.kalshi.feed import KalshiFeed
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.errors import EdgeError, SettingError
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.sandbox_process import free_port
from kalshi_sandbox.exchange.control.faults import Fault, FaultKind
from tests.support.kalshi_sandbox import Member, member
from tests.support.patience import PATIENCE_S
from tests.support.served import enrolled, new_pem, served

pytestmark = pytest.mark.realtime

PEM = new_pem()
API_KEY = "api-secret-5f1d0c9be1f4"
AWS_SECRET = "aws-secret-77aa01c2/Zz+9"  # noqa: S105 - made up, and looked for
PASSWORD = "password-b3f5a1a7c0d2"  # noqa: S105 - likewise
SECRETS = (API_KEY, AWS_SECRET, PASSWORD, *PEM.splitlines()[1:-1])
ENVIRONMENT = {
    "KALSHI_KEY_ID": "0d9f5b1e-key-id",
    "KALSHI_PRIVATE_KEY_PEM": PEM.replace("\n", "\\n"),
    "API_SECRET_KEY": API_KEY,
    "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
    "AWS_ACCESS_KEY_ID": "AKIDKNOWN",
    "DASHBOARD_PASSWORD": PASSWORD,
    "PYTHONDEVMODE": "1",
}

FAILURES = 20


def leaks(text: str, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    return [secret for secret in secrets if secret in text]


class Witnessed(ApiKey):
    """A key that remembers the signatures it made."""

    made: list[str]

    def headers(self, method: str, path: str) -> dict[str, str]:
        headers = super().headers(method, path)
        self.made = [*getattr(self, "made", []), headers["KALSHI-ACCESS-SIGNATURE"]]
        return headers


async def failures_of(m: Member, key: ApiKey, host: Host) -> list[BaseException]:
    """Everything that goes wrong for a signed client when the network does."""
    account = AccountClient(host, key, m.sandbox.clock, lambda: 0.0)
    body = {"ticker": m.ticker, "client_order_id": "x", "count": 7}
    found: list[BaseException] = []
    for kind in (FaultKind.LOSE, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.REFUSE):
        m.strike(kind, times=None)
        for question in (account.balance, lambda: account.create_order(body)):
            try:
                await question()
            except EdgeError as error:
                found.append(error)
        m.sandbox.exchange.faults.lift()
    await account.aclose()
    return found


@pytest.mark.patient_time
async def test_a_signed_client_that_fails_in_every_way_shows_no_signature(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with member() as m:
        key = Witnessed(m.key._key_id, m.key._private, m.key.clock)
        failed = await failures_of(m, key, m.host)
        stream = KalshiStream(
            m.host, key, m.sandbox.clock, lambda: 0.0, series=["KXHIGHNY"], names={}
        )
        news = KalshiFeed(stream, m.account, m.public, known_until=m.sandbox.clock.now())

        async def hear() -> None:
            async for _ in news:
                pass

        with suppress(TimeoutError):
            await asyncio.wait_for(hear(), 1.0)
    told = "".join(
        "".join(traceback.TracebackException.from_exception(e, capture_locals=True).format())
        for e in failed
    )
    assert len(failed) >= 6
    assert len(key.made) > 10, "the stream and every request were signed"
    everything = told + caplog.text + repr(key) + str(key) + repr(vars(stream))
    assert leaks(everything, tuple(key.made)) == []


def test_settings_and_their_errors_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(trading_mode="demo", contact="me@trader.org")
    environment = asyncio.run(environment_of(settings))
    assert environment.key is not None
    told = repr(settings) + str(settings) + repr(environment) + settings.model_dump_json()
    assert leaks(told) == []
    for broken in (PEM[:300], PEM.replace("BEGIN", "END"), "-----BEGIN " + PEM):
        with pytest.raises(SettingError) as refused:
            parse_api_key("id", broken, SystemClock())
        assert leaks("".join(traceback.format_exception(refused.value))) == []
    monkeypatch.setenv("API_SECRET_KEY", API_KEY[:15] + "\x07")
    with pytest.raises(SettingError) as refused:
        load_settings()
    assert API_KEY[:15] not in "".join(traceback.format_exception(refused.value))


async def ran(
    folder: Path, *command: str, enough: asyncio.Event | None = None, **environment: str
) -> str:
    """What a command printed; it ends by itself, or is asked to once there was ``enough``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kalshi_edge", *command),
        cwd=folder,
        env={"PATH": os.environ["PATH"], **ENVIRONMENT, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reading = asyncio.ensure_future(process.communicate())
    waiting = [reading] if enough is None else [reading, asyncio.ensure_future(enough.wait())]
    try:
        await asyncio.wait(waiting, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if process.returncode is None:
            process.terminate()
        told, _ = await reading
    finally:
        for each in waiting:
            each.cancel()
    return told.decode()


def written(folder: Path) -> str:
    return "".join(
        path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        (("doctor",), {"TRADING_MODE": "demo", "STORE": "dynamodb"}),
        (("run",), {"TRADING_MODE": "live", "CONTACT": "me@trader.org"}),
        (("run",), {"TRADING_MODE": "demo", "KALSHI_PRIVATE_KEY_PEM": PEM[:500]}),
        (("run",), {"TRADING_MODE": "demo", "API_SECRET_KEY": API_KEY[:12]}),
        (("tables", "describe"), {"STORE": "dynamodb", "DYNAMODB_ENDPOINT": "http://127.0.0.1:9"}),
    ],
)
async def test_commands_that_fail_print_and_write_no_secret(
    tmp_path: Path, command: tuple[str, ...], environment: dict[str, str]
) -> None:
    environment = {"SANDBOX_URL": "http://127.0.0.1:9", **environment}
    told = await ran(tmp_path, *command, **environment)
    assert "error" in told
    assert leaks(told + written(tmp_path), (*SECRETS, API_KEY[:12])) == []


async def test_a_trader_whose_exchange_fails_writes_and_answers_no_secret(tmp_path: Path) -> None:
    port, enough, log = free_port(), asyncio.Event(), tmp_path / "cycles.log"
    async with served(tmp_path, speed=600) as (sandbox, settings):
        _, key = enrolled(sandbox, PEM)
        running = asyncio.ensure_future(
            ran(
                tmp_path,
                "run",
                enough=enough,
                TRADING_MODE="demo",
                **key,
                CITIES="NYC",
                SANDBOX_URL=settings.sandbox_url,
                API_PORT=str(port),
                LOG_PATH=log.name,
                RECORD_DIR="recording",
            )
        )
        answers = await _asked(f"http://127.0.0.1:{port}", running)
        fault = sandbox.exchange.faults.add(Fault(FaultKind.LOSE, times=None, chance=0.5))
        while not running.done() and (fault.struck < FAILURES or size_of(log) == 0):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        enough.set()
        told = await running
    assert fault.struck >= FAILURES
    assert key["KALSHI_KEY_ID"] not in answers
    assert len(answers) > 500
    assert size_of(log)
    assert leaks(told + answers + written(tmp_path)) == []


def size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


async def _asked(base: str, running: "asyncio.Future[str]") -> str:
    """What the API says to who has the key, to who has another, and to who asks nonsense."""
    found: list[str] = []
    async with httpx.AsyncClient(base_url=base, timeout=PATIENCE_S) as http:
        while not running.done():
            with suppress(httpx.TransportError):
                await http.get("/api/health", headers={"X-API-Key": API_KEY})
                break
            await asyncio.sleep(0.2)
        for path in ("/api/health", "/api/risk/status", "/api/sources", "/api/nothing", "/metrics"):
            for key in (API_KEY, API_KEY[:-1], ""):
                answer = await http.get(path, headers={"X-API-Key": key})
                found.append(f"{answer.headers}{answer.text}")
        answer = await http.post("/api/risk/halt", headers={"X-API-Key": API_KEY}, content=b"{")
        found.append(answer.text)
    return "".join(found)
