"""Both Procfiles under a process manager: up, talking to each other, up again after a kill."""

import asyncio
import getpass
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from kalshi_edge.runtime.sandbox_process import free_port, running_sandbox
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.realtime

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
API_KEY = "a-key-of-the-procfile-test"
PASSWORD = "a-password-of-the-procfile-test"  # noqa: S105 - opens nothing but this test
BUILD = ROOT / "frontend" / ".next" / "standalone" / "server.js"

needs_dashboard = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not (BUILD.is_file() and shutil.which("node")),
    reason="the dashboard is not built (`make dashboard`) or there is no Node",
)


@dataclass(frozen=True, slots=True)
class Manager:
    """supervisord, with what honcho made of both Procfiles."""

    settings: Path

    async def says(self, *question: str) -> str:
        """What supervisorctl answers."""
        return await said(str(TOOLS / "supervisorctl"), "-c", str(self.settings), *question)

    async def pid(self, app: str) -> int:
        """The process of an app's ``web``, once it runs."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self.says("pid", f"{app}:web-{app}")
                if answer.isdigit() and answer != "0":
                    return int(answer)
                await asyncio.sleep(0.2)

    async def killed(self, app: str) -> None:
        """``kill -9`` of an app; returns when another process runs in its place."""
        before = await self.pid(app)
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_S):
            while await self.pid(app) == before:  # noqa: ASYNC110 - no event from over there
                await asyncio.sleep(0.2)


async def said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    return told.decode().strip()


async def exported(folder: Path, app: str, port: int, environment: Mapping[str, str]) -> None:
    """supervisord's settings for one Procfile, its programs named after ``app``."""
    home = ROOT if app == "bot" else ROOT / "frontend"
    (folder / f"{app}.env").write_text("".join(f"{k}={v}\n" for k, v in environment.items()))
    code = await said(
        *(str(TOOLS / "honcho"), "export", "-f", str(home / "Procfile"), "-d", str(home)),
        *("-e", str(folder / f"{app}.env"), "-a", app, "-l", str(folder), "-p", str(port)),
        *("-u", getpass.getuser(), "supervisord", str(folder)),
    )
    made = folder / f"{app}.conf"
    assert made.is_file(), code
    # Programs of different apps may not have the same name.
    made.write_text(made.read_text().replace("web-1", f"web-{app}"))


@asynccontextmanager
async def managed(
    folder: Path, apps: Mapping[str, tuple[int, dict[str, str]]]
) -> AsyncIterator[Manager]:
    for app, (port, environment) in apps.items():
        await exported(folder, app, port, environment)
    settings = folder / "supervisord.conf"
    settings.write_text(
        f"""[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
[unix_http_server]
file={folder}/s.sock
[supervisorctl]
serverurl=unix://{folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files={" ".join(f"{app}.conf" for app in apps)}
"""
    )
    process = await asyncio.create_subprocess_exec(
        *(str(TOOLS / "supervisord"), "-c", str(settings)),
        env={"PATH": f"{TOOLS}:{os.environ['PATH']}", "HOME": str(folder)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Manager(settings)
    finally:
        process.terminate()
        await process.wait()


async def until_talking(web: httpx.AsyncClient) -> str:
    """The bot's start, as the dashboard's server tells it to a browser that has logged in."""
    origin = str(web.base_url).rstrip("/")
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await web.post("/session", json={"password": PASSWORD}, headers={"Origin": origin})
                answer = await web.get("/backend/api/live")
                if answer.is_success:
                    started_at: str = answer.json()["state"]["health"]["started_at"]
                    return started_at
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.3)


@needs_dashboard
async def test_both_services_come_up_talk_and_come_back_after_a_kill(tmp_path: Path) -> None:
    api, page = free_port(), free_port()
    async with running_sandbox(("--speed", "60")) as sandbox:
        bot = {
            "TRADING_MODE": "paper",
            "CITIES": "NYC",
            "SANDBOX_URL": sandbox.base,
            "STORE_PATH": str(tmp_path / "bot.db"),
            "API_SECRET_KEY": API_KEY,
        }
        dashboard = {
            "API_URL": f"http://127.0.0.1:{api}",
            "API_SECRET_KEY": API_KEY,
            "DASHBOARD_PASSWORD": PASSWORD,
        }
        apps = {"bot": (api, bot), "dashboard": (page, dashboard)}
        async with (
            managed(tmp_path, apps) as manager,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{page}", timeout=PATIENCE_S) as web,
        ):
            first = await until_talking(web)
            await manager.killed("bot")
            second = await until_talking(web)
            await manager.killed("dashboard")
            web.cookies.clear()
            third = await until_talking(web)
    assert first < second == third
