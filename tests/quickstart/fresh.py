"""Fresh folders, the commands run in them, and servers that come up and end again."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600.0
"""Against hanging only: a cold install on a busy machine takes minutes."""
SHOWN = 25
ALLOWED = {"PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"}
PREFIXES = ("PIP_", "UV_", "NPM_", "npm_config_", "PYENV_", "XDG_", "HTTP_PROXY", "HTTPS_PROXY")


class Broken(Exception):
    """A line of the quick start does not do what it says."""


def checkout(folder: Path) -> Path:
    """The project's files as git has them, changes included, in a new ``folder``."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.split("\0"):
        source = ROOT / name
        if name and source.is_file() and not source.is_symlink():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def environment(**more: str) -> dict[str, str]:
    """A new user's: none of the project's settings, nobody's virtual environment."""
    usual = {
        name: value
        for name, value in os.environ.items()
        if name in ALLOWED or name.upper().startswith(tuple(p.upper() for p in PREFIXES))
    }
    return {**usual, **more}


def run(command: str, folder: Path, *, code: int = 0, says: str = "", **more: str) -> str:
    """What a shell says to ``command``; raises ``Broken`` for another exit code or other words."""
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment(**more), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip
    if done.returncode != code or says not in done.stdout:
        tail = "\n".join(done.stdout.splitlines()[-SHOWN:])
        wanted = f"exit code {code}" + (f" and {says!r}" if says else "")
        raise Broken(f"{command}\n  exit code {done.returncode}, not {wanted}:\n{tail}")
    return done.stdout


def free_port() -> str:
    """A port of this machine that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@contextmanager
def serving(command: str, folder: Path, url: str, **more: str) -> Iterator[Path]:
    """``command`` as a server, from when ``url`` answers; it is asked to end with the block.

    Gives the file of what it says. Raises ``Broken`` where it does not come up, or does not end.
    """
    said = folder / f"said-{free_port()}.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            command, shell=True, cwd=folder, env=environment(**more), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(url, process, said)
        yield said
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
    except subprocess.TimeoutExpired as late:
        raise Broken(f"{command}\n  did not end within a minute of SIGTERM") from late
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", said: Path) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        if status(url) == 200:
            return
        time.sleep(0.2)
    tail = "\n".join(said.read_text(errors="replace").splitlines()[-SHOWN:])
    raise Broken(f"nothing answers at {url} (exit code {process.poll()}):\n{tail}")


def status(url: str) -> int:
    """The status that a GET is answered with; 0 where nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def text_of(url: str) -> str:
    """The body of a page."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def log_in(base: str, password: str) -> None:
    """Log in at a dashboard and look at both its addresses; raises ``Broken`` otherwise."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    request = urllib.request.Request(
        f"{base}/session",
        data=json.dumps({"password": password}).encode(),
        headers={"Origin": base, "Content-Type": "application/json"},
    )
    try:
        browser.open(request, timeout=120).close()
        for path in ("/", "/dashboard"):
            with browser.open(base + path, timeout=120) as page:
                if page.url != base + path or b"Kalshi Edge Trader" not in page.read():
                    raise Broken(f"{base}{path} is not the dashboard but {page.url}")
    except urllib.error.HTTPError as error:
        raise Broken(f"{base}: cannot log in: {error.code} {error.read()[:200]!r}") from error
