"""What of this machine a trader needs: versions, files that are private, disk, port, dashboard."""

import platform
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from kalshi_edge import __version__
from kalshi_edge.api.server import address_of, bound
from kalshi_edge.choices import StoreKind
from kalshi_edge.config import Settings
from kalshi_edge.errors import SettingError
from kalshi_edge.operations.check_results import CheckResult, Grade
from kalshi_edge.operations.web_dashboard import is_too_old, node_version

LITTLE_DISK, TOO_LITTLE_DISK = 1e9, 1e8
"""Bytes: a year of journal takes some hundred MB; below the second the store soon fails."""
ANSWERS_WITHIN_S = 3.0


async def machine_checks(settings: Settings) -> AsyncIterator[CheckResult]:
    """Everything that can be seen without a network."""
    python = platform.python_version()
    yield CheckResult("versions", Grade.PASS, f"kalshi-edge {__version__} on Python {python}")
    yield _private_files(settings)
    for result in _folders(settings):
        yield result
    yield _port(settings)
    yield _api_key(settings)
    yield await _dashboard(settings)


def _private_files(settings: Settings) -> CheckResult:
    """Whether anybody but their owner can read what holds secrets."""
    files = [Path(".env"), Path("frontend/.env.local")]
    if settings.kalshi_private_key_path is not None:
        files.append(settings.kalshi_private_key_path)
    there = [path for path in files if path.is_file()]
    open_ = [path for path in there if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    if open_:
        names = " ".join(str(path) for path in open_)
        figure = f"others on this machine may read {names}"
        return CheckResult("permissions", Grade.WARN, figure, f"chmod 600 {names}")
    names = ", ".join(str(path) for path in there) or "no file with secrets"
    return CheckResult("permissions", Grade.PASS, f"{names}{': yours only' if there else ''}")


def _folders(settings: Settings) -> Iterator[CheckResult]:
    """Every folder that is written into, and the disk that the store is on."""
    folders: dict[str, Path] = {}
    if settings.store is StoreKind.SQLITE:
        folders["STORE_PATH"] = settings.store_path.absolute().parent
    if settings.log_path is not None:
        folders["LOG_PATH"] = settings.log_path.absolute().parent
    if settings.record_dir is not None:
        folders["RECORD_DIR"] = _first_existing(settings.record_dir.absolute())
    for name, folder in folders.items():
        if why := _unwritable(folder):
            advice = f"Make it, or set {name} to a place that this user may write to."
            yield CheckResult("folders", Grade.FAIL, f"{name}: {folder} {why}", advice)
            return
    yield CheckResult("folders", Grade.PASS, f"{', '.join(folders) or 'none'}: can be written")
    yield _disk(_first_existing(settings.store_path.absolute().parent))


def _first_existing(folder: Path) -> Path:
    """``folder`` itself, or what of its parents there is."""
    return next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))


def _unwritable(folder: Path) -> str:
    """Why no file can be made there; empty where one can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"cannot be written: {error.strerror}"


def _disk(folder: Path) -> CheckResult:
    free = shutil.disk_usage(folder).free
    figure = f"{free / 1e9:,.1f} GB free at {folder}"
    grade = Grade.FAIL if free < TOO_LITTLE_DISK else Grade.WARN
    if free >= LITTLE_DISK:
        return CheckResult("disk", Grade.PASS, figure)
    return CheckResult("disk", grade, figure, "Free some: a full disk ends the trader.")


def _port(settings: Settings) -> CheckResult:
    address = address_of(settings)
    try:
        with bound(address):
            pass
    except SettingError as error:
        advice = "End what listens there (a trader that runs already?), or set API_PORT."
        return CheckResult("port", Grade.FAIL, str(error), advice)
    return CheckResult("port", Grade.PASS, f"{address.host}:{address.port} is free")


def _api_key(settings: Settings) -> CheckResult:
    if settings.api_secret_key.get_secret_value():
        return CheckResult("api", Grade.PASS, f"{settings.api_host}, with a key")
    advice = "Set API_SECRET_KEY to reach it from elsewhere: openssl rand -hex 32."
    return CheckResult("api", Grade.WARN, "this machine only: no API_SECRET_KEY", advice)


async def _dashboard(settings: Settings) -> CheckResult:
    """Whether it answers; where it does not, whether it could be started here."""
    url = settings.frontend_url[0]
    async with httpx.AsyncClient(timeout=ANSWERS_WITHIN_S) as http:
        try:
            answer = await http.get(f"{url}/healthz")
        except httpx.HTTPError:
            answer = None
    if answer is not None and answer.is_success and answer.text == "ok\n":
        return CheckResult("dashboard", Grade.PASS, f"answers at {url}")
    if answer is not None:
        advice = "Something else listens there. Set FRONTEND_URL to the dashboard's address."
        return CheckResult("dashboard", Grade.WARN, f"{url} is no dashboard of ours", advice)
    return CheckResult("dashboard", Grade.WARN, f"nothing answers at {url}", await _how_to_start())


async def _how_to_start() -> str:
    node = shutil.which("node")
    if node is None:
        return "The dashboard needs Node 20 or newer; trading does not need the dashboard."
    if is_too_old(version := await node_version(node)):
        return f"Node is {version or 'of no known version'}: the dashboard needs 20 or newer."
    return "cd frontend && npm install && npm run build && npm start. Trading does not need it."
