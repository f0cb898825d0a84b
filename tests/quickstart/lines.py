"""The lines of the quick start, each run in a fresh folder as a new user would."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.quickstart.fresh import (
    Broken,
    checkout,
    free_port,
    log_in,
    run,
    serving,
    status,
    text_of,
)

ENTRIES = ("main.py", "backtest.py", "kalshi_sample.py", "-m kalshi_edge")
NEWER = ("3.12", "3.13", "3.14")
OLDER = ("3.10", "3.9", "3.8", "3.7")


@dataclass(frozen=True, slots=True)
class Line:
    """What a new user types, and what proves that it worked."""

    typed: str
    work: Callable[[Path], None]
    topic: str = "python"


def interpreters(versions: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Those of ``versions`` that this machine has, with their paths."""
    for version in versions:
        path = shutil.which(f"python{version}")
        asked = [path, "-c", "import sys; print(sys.executable)"]
        if path and (found := subprocess.run(asked, capture_output=True, text=True, check=False)):
            if found.returncode == 0:
                yield version, found.stdout.strip()
            elif versions_of := sorted(Path.home().glob(f".pyenv/versions/{version}.*")):
                yield version, str(versions_of[-1] / "bin" / "python")


def made(python: str) -> Callable[[Path], Path]:
    """A new virtual environment of ``python`` in a folder; gives its ``bin``."""

    def environment(folder: Path) -> Path:
        run(f"{python} -m venv env", folder)
        return folder / "env" / "bin"

    return environment


def commands_work(command: str, folder: Path) -> None:
    """The commands answer, a trader and its API run in a sandbox and end when asked to."""
    run(f"{command} --version", folder, says="kalshi-edge ")
    for words in ("--help", "demo --help", "doctor --help", "backtest --help"):
        run(f"{command} {words}", folder, says="Usage: kalshi-edge")
    world, api = free_port(), free_port()
    base = f"http://127.0.0.1:{world}"
    with serving(f"{command} sandbox run --port {world}", folder, f"{base}/control/state"):
        pages = f"{base}/iem/cgi-bin/afos/retrieve.py?pil=NBPNYC&fmt=text&limit=1"
        (folder / "nbp.txt").write_text(text_of(pages))
        run(f"{command} forecast nbp.txt --city NYC", folder, says="NYC")
        docs = f"http://127.0.0.1:{api}/api/docs"
        with serving(f"exec {command} run", folder, docs, SANDBOX_URL=base, API_PORT=api):
            if status(f"http://127.0.0.1:{api}/api/health") != 200:
                raise Broken("the trader's API does not say how it is at /api/health")


def pip_install(python: str) -> Callable[[Path], None]:
    """``pip install .``."""

    def work(folder: Path) -> None:
        source = checkout(folder / "source")
        bin_ = made(python)(folder)
        run(f"{bin_}/pip install --quiet .", source)
        commands_work(f"{bin_}/kalshi-edge", folder)

    return work


def pip_requirements(folder: Path) -> None:
    """``pip install -r requirements.txt``, and the entry points beside it."""
    source = checkout(folder / "source")
    bin_ = made(sys.executable)(folder)
    run(f"{bin_}/pip install --quiet -r requirements.txt", source)
    for entry in ENTRIES:
        run(f"{bin_}/python {entry} --help", source, says="Usage: kalshi-edge")
    run("cp .env.example .env", source)
    api = free_port()
    with serving(
        f"exec {bin_}/python main.py", source, f"http://127.0.0.1:{api}/api/docs",
        TRADING_MODE="paper", API_PORT=api,
    ):  # fmt: skip
        pass


def uv_sync(folder: Path) -> None:
    """``uv sync``."""
    source = checkout(folder / "source")
    bin_ = made(sys.executable)(folder)
    run(f"{bin_}/pip install --quiet uv", folder)
    run(f"{bin_}/uv sync --quiet --no-dev --python {sys.executable}", source)
    run(f"{source}/.venv/bin/kalshi-edge --help", folder, says="Usage: kalshi-edge")
    run(f"{bin_}/uv run --no-sync python main.py --help", source, says="Usage: kalshi-edge run")


def pipx_install(folder: Path) -> None:
    """``pipx install .``."""
    source = checkout(folder / "source")
    bin_ = made(sys.executable)(folder)
    run(f"{bin_}/pip install --quiet pipx", folder)
    homes = {"PIPX_HOME": str(folder / "pipx"), "PIPX_BIN_DIR": str(folder / "bin")}
    run(f"{bin_}/pipx install .", source, **homes)
    run(f"{folder}/bin/kalshi-edge --help", folder, says="Usage: kalshi-edge")


def wheel(folder: Path) -> None:
    """The wheel, installed where the source is not."""
    source = checkout(folder / "source")
    bin_ = made(sys.executable)(folder)
    run(f"{bin_}/pip wheel --quiet --no-deps --wheel-dir ../dist .", source)
    shutil.rmtree(source)
    run(f"{bin_}/pip install --quiet dist/*.whl", folder)
    commands_work(f"{bin_}/kalshi-edge", folder)


def railway_trader(folder: Path) -> None:
    """The trader's build and start commands as ``railway.json`` has them."""
    source = checkout(folder / "source")
    bin_ = made(sys.executable)(folder)
    service = json.loads((source / "railway.json").read_text())
    path = f"{bin_}:/usr/bin:/bin"
    run(service["build"]["buildCommand"], source, PATH=path)
    port = free_port()
    start, probe = service["deploy"]["startCommand"], service["deploy"]["healthcheckPath"]
    more = {"PORT": port, "PATH": path, "API_SECRET_KEY": "a-key-of-the-quick-start"}
    with serving(start, source, f"http://127.0.0.1:{port}{probe}", **more):
        pass


def dashboard(folder: Path) -> None:
    """``npm install``, and both ways to start the dashboard; nothing is set but by the example."""
    source = checkout(folder / "source") / "frontend"
    run("cp .env.local.example .env.local", source)
    run("npm install --no-progress", source)
    _served(source, "npm run dev")
    run("npm run build", source)
    _served(source, "npm start")
    _railway_dashboard(source)


def _served(source: Path, command: str) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with serving(command, source, f"{base}/healthz", PORT=port) as said:
        password = re.search(r"Until this server ends it is (\S+)", said.read_text())
        if password is None:
            raise Broken(f"{command} names no password:\n{said.read_text()}")
        log_in(base, password[1])


def _railway_dashboard(source: Path) -> None:
    service = json.loads((source / "railway.json").read_text())
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    start, probe = service["deploy"]["startCommand"], service["deploy"]["healthcheckPath"]
    password = "a-password-of-the-quick-start"  # noqa: S105 - opens nothing but this test
    with serving(start, source, base + probe, PORT=port, DASHBOARD_PASSWORD=password):
        log_in(base, password)


def old_python(path: str, version: str) -> Callable[[Path], None]:
    """Every entry refuses an old Python in one line."""

    def work(folder: Path) -> None:
        source = checkout(folder / "source")
        for entry in ENTRIES:
            said = run(f"{path} {entry}", source, code=2, says="Python 3.11 or newer is needed")
            if said.count("\n") != 1 or version not in said:
                raise Broken(f"{entry} says more or less than one line: {said}")

    return work


def lines() -> Iterator[Line]:
    """All lines, as far as this machine has what they need."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    yield Line(
        f"pip install .   (Python {own}, then sandbox, run, forecast)", pip_install(sys.executable)
    )
    for version, path in interpreters(NEWER):
        if version != own:
            yield Line(f"pip install .   (Python {version})", pip_install(path))
    yield Line(
        "pip install -r requirements.txt; cp .env.example .env; python main.py", pip_requirements
    )
    yield Line("uv sync", uv_sync)
    yield Line("pipx install .", pipx_install)
    yield Line("pip wheel .; pip install the wheel elsewhere", wheel)
    for version, path in interpreters(OLDER):
        yield Line(f"python main.py   (Python {version}: refused)", old_python(path, version))
    yield Line("railway.json: build and start the trader", railway_trader)
    yield Line(
        "cp .env.local.example .env.local; npm install; npm run dev; npm run build; npm start",
        dashboard, "dashboard",
    )  # fmt: skip
