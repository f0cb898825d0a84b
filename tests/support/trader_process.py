"""A trader's own process on a sandbox of the test's, and the console beside it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
KEY = "a-key-for-processes-only"


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    output: str
    errors: str


@dataclass(slots=True)
class TraderProcess:
    """A running ``kalshi-edge run``."""

    process: asyncio.subprocess.Process
    folder: Path
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        """Its lines of JSON."""
        return self.folder / "log.jsonl"

    @property
    def said(self) -> str:
        """What it printed, and what it said on standard error."""
        return (self.folder / "said.txt").read_text()

    async def until(self, text: str, path: Path | None = None) -> None:
        """Until ``text`` is in its log, or in another file of its."""
        where = self.log if path is None else path
        async with asyncio.timeout(PATIENCE_S):
            while not (where.exists() and text in where.read_text()):
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        """Its exit code, once it has one."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    async def command(self, *words: str, **environment: str) -> Said:
        """What ``kalshi-edge`` says to ``words``, in the same folder and with the same settings."""
        return await command(self.folder, {**self.environment, **environment}, *words)


async def command(folder: Path, environment: dict[str, str], *words: str) -> Said:
    """What ``kalshi-edge`` says to ``words``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kalshi_edge", *words),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await process.communicate()
    return Said(process.returncode or 0, output.decode(), errors.decode())


@asynccontextmanager
async def trader_process(
    folder: Path,
    environment: dict[str, str],
    *,
    shell: str = "",
    until: str = '"event":"api"',
    stdout: int | None = None,
) -> AsyncIterator[TraderProcess]:
    """A trader's process, once its log has ``until``; it is killed at the end.

    ``shell`` goes before it, as ``ulimit -n 256 && exec``. With ``stdout`` its output goes there;
    what it says on standard error goes to its file.
    """
    usual = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "LOG_PATH": str(folder / "log.jsonl"),
        "API_PORT": "0",
        **environment,
    }
    argv = (sys.executable, "-m", "kalshi_edge", "run")
    if shell:
        argv = ("/bin/sh", "-c", f'{shell} "$@"', "sh", *argv)
    with (folder / "said.txt").open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=folder, env=usual, stdout=stdout or said, stderr=said
        )
    running = TraderProcess(process, folder, usual)
    try:
        if until:
            await running.until(until)
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
