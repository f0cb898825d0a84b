"""The web dashboard's server: a Node process, started and ended with whoever shows it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from kalshi_edge.errors import SettingError

BUILD = Path(__file__).resolve().parents[2] / "frontend" / ".next" / "standalone" / "server.js"
START_WITHIN_S = 30.0
OLDEST_NODE = 20
NODE_SAYS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where the dashboard listens, what it is told, and the password that opens it."""

    port: int
    api_port: int
    api_key: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What its server is told; the key stays there and never reaches a browser."""
        return {
            "PORT": str(self.port),
            "HOSTNAME": "127.0.0.1",
            "API_URL": f"http://127.0.0.1:{self.api_port}",
            "API_SECRET_KEY": self.api_key,
            "DASHBOARD_PASSWORD": self.password,
            "NEXT_TELEMETRY_DISABLED": "1",
        }


@asynccontextmanager
async def running_dashboard(door: Door, build: Path = BUILD) -> AsyncIterator[None]:
    """The dashboard behind ``door``, ended with the block.

    Raises ``SettingError`` where it is not built, there is no Node, or it does not come up.
    """
    node = await _node(build)
    process = await asyncio.create_subprocess_exec(
        node,
        str(build),
        env=door.environment,  # and nothing of ours
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: it ends when we say so
    )
    try:
        await _wait_for(door, process)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _node(build: Path) -> str:
    node = shutil.which("node")
    what = f"Node {OLDEST_NODE} or newer is needed"
    if node is None:
        raise SettingError(f"the web dashboard cannot run: {what}")
    if is_too_old(version := await node_version(node)):
        raise SettingError(f"the web dashboard cannot run: {what}; this is {version or 'silent'}")
    _check_built(build)
    return node


def _check_built(build: Path) -> None:
    if not build.is_file():
        raise SettingError("the web dashboard cannot run: `make dashboard` builds it")


async def node_version(node: str) -> str:
    """What the Node at this path calls itself, as ``v20.20.2``; empty where it says nothing."""
    process = await asyncio.create_subprocess_exec(
        node, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(NODE_SAYS_WITHIN_S):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return said.decode(errors="replace").strip()


def is_too_old(version: str) -> bool:
    """Whether the dashboard cannot run on this Node.

    >>> is_too_old("v18.20.4"), is_too_old("v22.1.0"), is_too_old("")
    (True, False, True)
    """
    major = version.removeprefix("v").split(".")[0]
    return not major.isdigit() or int(major) < OLDEST_NODE


async def _wait_for(door: Door, process: asyncio.subprocess.Process) -> None:
    give_up = asyncio.get_running_loop().time() + START_WITHIN_S
    async with httpx.AsyncClient() as http:
        while asyncio.get_running_loop().time() < give_up and process.returncode is None:
            try:
                (await http.get(f"{door.address}/healthz")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return
    raise SettingError(f"the web dashboard did not come up at {door.address}: is the port taken?")
