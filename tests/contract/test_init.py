"""The first settings: asked in a terminal, given as options without one, kept from others."""

import asyncio
import os
import pty
import stat
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from kalshi_edge.config import load_settings
from kalshi_edge.operations.first_settings import Answers, _quoted, write_settings
from tests.support.patience import PATIENCE_S
from tests.support.served import enrolled, new_pem, served
from tests.support.trader_process import ROOT, Said, command

pytestmark = pytest.mark.realtime


def usual(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "80", **more}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_without_a_terminal_it_asks_nothing_and_takes_defaults(tmp_path: Path) -> None:
    said = await command(tmp_path, usual(), "init")
    assert (said.code, said.errors) == (0, "")
    assert "kalshi-edge doctor" in said.output
    written = dotenv_values(tmp_path / ".env")
    assert (written["TRADING_MODE"], written["CITIES"]) == ("paper", "NYC,LA,MIA,CHI,PHX")
    assert len(written["API_SECRET_KEY"] or "") == 64
    assert mode_of(tmp_path / ".env") == 0o600
    assert written["DASHBOARD_PASSWORD"]
    assert written["DASHBOARD_PASSWORD"] not in said.output
    again = await command(tmp_path, usual(), "init", "--city", "LA")
    assert again.code == 2
    assert "--force replaces it" in " ".join(again.errors.split())
    forced = await command(tmp_path, usual(), "init", "--city", "LA", "--force")
    assert forced.code == 0
    assert dotenv_values(tmp_path / ".env")["CITIES"] == "LA"
    assert dotenv_values(tmp_path / ".env.bak") == written
    assert mode_of(tmp_path / ".env.bak") == 0o600


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--mode", "demo"], "KALSHI_KEY_ID is missing: give it as --key-id"),
        (["--mode", "demo", "--key-id", "k"], "KALSHI_PRIVATE_KEY_PATH is missing: give it as"),
        (["--mode", "demo", "--key-id", "k", "--key-path", "no.pem"], "cannot be read"),
        (["--mode", "live"], "CONTACT is missing: live trading needs one"),
        (["--city", "NYC,Atlantis"], "Atlantis"),
        (["--contact", "me"], "CONTACT is 'me'"),
        (["--password", "short"], "DASHBOARD_PASSWORD has 5 characters: at least 8"),
        (["--password", "with spaces and $"], "DASHBOARD_PASSWORD may have letters"),
        (["--key-id", "k"], "a key was given for paper trading"),
        (["--store-path", "it's.db"], "no quotes"),
    ],
)
async def test_what_is_missing_or_wrong_is_one_line_and_writes_nothing(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    said = await command(tmp_path, usual(), "init", *words)
    assert said.code == 2
    assert sentence in " ".join(said.errors.split())
    assert said.errors.count("error:") == 1
    assert not (tmp_path / ".env").exists()


async def test_the_key_is_checked_by_signing_in(tmp_path: Path) -> None:
    async with served(tmp_path) as (sandbox, settings):
        pem = new_pem()
        (tmp_path / "key.pem").write_text(pem)
        _, ours = enrolled(sandbox, pem)
        url = {"SANDBOX_URL": settings.sandbox_url}
        words = ("init", "--mode", "demo", "--key-path", "key.pem", "--city", "NYC", "--key-id")
        wrong = await command(tmp_path, usual(**url), *words, "somebody-elses")
        assert wrong.code == 2
        assert "the exchange refuses the key (HTTP 401)" in " ".join(wrong.errors.split())
        assert not (tmp_path / ".env").exists()
        right = await command(tmp_path, usual(**url), *words, ours["KALSHI_KEY_ID"])
        assert right.code == 0
        assert "key accepted: tier advanced, $1,000.00" in right.output
    written = dotenv_values(tmp_path / ".env")
    assert written["KALSHI_PRIVATE_KEY_PATH"] == str(tmp_path / "key.pem")
    # Nobody answers any more: that is said, and no reason to stop.
    offline = await command(tmp_path, usual(**url), *words, "anything", "--force")
    assert offline.code == 0
    assert "nobody answered" in offline.output


async def in_terminal(folder: Path, answers: list[tuple[str, str]]) -> Said:
    """What ``init`` says in a terminal, where each answer is typed once its prompt stands there."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kalshi_edge", "init"),
        cwd=folder, env=usual(), stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)

    def read() -> bytes:
        try:
            return os.read(ours, 4096)
        except OSError:  # the other end is closed
            return b""

    said, seen = "", 0
    async with asyncio.timeout(PATIENCE_S):
        for prompt, answer in [*answers, ("", "")]:
            # The last blank comes once the terminal is ready to be typed in.
            while not prompt or prompt not in said[seen:] or not said.endswith(": "):
                if not (piece := await asyncio.to_thread(read)):
                    break
                said += piece.decode()
            seen = len(said)
            if prompt and process.returncode is None:
                os.write(ours, f"{answer}\n".encode())
        code = await process.wait()
    os.close(ours)
    return Said(code, said, "")


async def test_in_a_terminal_it_asks_and_asks_again(tmp_path: Path) -> None:
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "package.json").write_text("{}")
    answers = [
        ("Mode", "papre"), ("Mode", "paper"), ("Cities", "NYC,Atlantis"), ("Cities", "NYC,LA"),
        ("Contact", "ann@weather.test"), ("Password", "short"), ("Password", ""), ("Store", ""),
        ("File of the store", ""),
    ]  # fmt: skip
    said = await in_terminal(tmp_path, answers)
    assert said.code == 0, said.output
    assert said.output.count("no:") == 3, said.output
    written = dotenv_values(tmp_path / ".env")
    assert (written["CITIES"], written["CONTACT"]) == ("NYC,LA", "ann@weather.test")
    page = dotenv_values(tmp_path / "frontend" / ".env.local")
    assert page["DASHBOARD_PASSWORD"] == written["DASHBOARD_PASSWORD"]
    assert page["API_SECRET_KEY"] == written["API_SECRET_KEY"]
    assert mode_of(tmp_path / "frontend" / ".env.local") == 0o600


def test_what_is_written_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CITIES", "STORE_PATH", "CONTACT", "TRADING_MODE"):
        monkeypatch.delenv(name, raising=False)
    answers = Answers(
        load_settings().trading_mode, ("LA",), "https://weather.test/a?b#c", "", None,
        "pass_WORD-1%", load_settings().store, Path("my data/trader #1.db"),
    )  # fmt: skip
    write_settings(answers, tmp_path, overwrite=False)
    settings = load_settings()
    assert settings.cities == ("LA",)
    assert settings.contact == "https://weather.test/a?b#c"
    assert settings.store_path == Path("my data/trader #1.db")
    assert settings.dashboard_password.get_secret_value() == "pass_WORD-1%"
    assert _quoted("X", "a b") == "'a b'"
