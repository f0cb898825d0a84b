"""The console over the control socket, against a trader's own process on the SYNTHETIC sandbox."""

import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kalshi_edge.api.control_socket import control_folder, control_listener
from kalshi_edge.errors import StateError
from tests.support.served import served
from tests.support.trader_process import KEY, TraderProcess, trader_process

pytestmark = pytest.mark.realtime

LISTENS = '"event":"control socket"'


@asynccontextmanager
async def paper_trader(
    folder: Path, store: Path | None = None, **environment: str
) -> AsyncIterator[TraderProcess]:
    """A paper trader whose control socket listens."""
    async with served(folder) as (_, settings):
        usual = {
            "CITIES": "NYC",
            "SANDBOX_URL": settings.sandbox_url,
            "STORE_PATH": str(store or folder / "trader.db"),
            "API_SECRET_KEY": KEY,
        }
        async with trader_process(folder, usual | environment, until=LISTENS) as running:
            yield running


async def test_the_owner_needs_no_key_and_the_api_is_not_asked(tmp_path: Path) -> None:
    async with paper_trader(tmp_path) as running:
        wrong = {"API_SECRET_KEY": "", "API_PORT": "9"}
        halted = await running.command("halt", "--level", "cancel", "--reason", "storm", **wrong)
        assert (halted.code, halted.errors) == (0, "")
        assert "CANCEL" in halted.output
        assert "storm" in (await running.command("switch", **wrong)).output
        drilled = await running.command("drill", "--cause", "lease", **wrong)
        assert "PASS" in drilled.output, drilled
        assert "storm" in (await running.command("switch", **wrong)).output
        assert "RUN" in (await running.command("resume", **wrong)).output


async def test_folder_and_socket_are_their_owners_alone(tmp_path: Path) -> None:
    async with paper_trader(tmp_path):
        folder = control_folder(tmp_path / "trader.db")
        assert folder is not None
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "socket").stat().st_mode) == 0o600


async def test_a_dead_traders_socket_is_replaced_and_until_then_the_api_is_asked(
    tmp_path: Path,
) -> None:
    async with paper_trader(tmp_path) as running:
        running.process.kill()
        await running.process.wait()
        assert (tmp_path / "trader.db.control" / "socket").is_socket()
        asked = await running.command("halt", API_PORT="9")
        assert asked.code == 2
        assert "no control socket" in asked.errors
        assert "127.0.0.1:9" in asked.errors
        running.log.unlink()
        async with trader_process(tmp_path, running.environment, until=LISTENS) as again:
            halted = await again.command("halt", API_PORT="9")
            assert (halted.code, halted.errors) == (0, "")


async def test_a_store_at_the_end_of_a_long_path_has_one_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    async with paper_trader(tmp_path, deep / "trader.db") as running:
        halted = await running.command("halt", API_PORT="9")
        assert (halted.code, halted.errors) == (0, "")


def test_a_live_ones_socket_is_never_taken(tmp_path: Path) -> None:
    folder = tmp_path / "trader.db.control"
    with control_listener(folder):
        inode = (folder / "socket").stat().st_ino
        with pytest.raises(StateError, match="another trader"), control_listener(folder):
            pytest.fail("it was taken")
        assert (folder / "socket").stat().st_ino == inode
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / "socket"))
    assert not (folder / "socket").exists()


def test_a_folder_that_others_may_enter_is_closed_and_one_of_another_kind_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "trader.db.control"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with control_listener(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "other.db.control"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="not a folder"), control_listener(link):
        pytest.fail("it was followed")
