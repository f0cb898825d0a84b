"""The first settings: what ``kalshi-edge init`` was told, as files that only their owner reads."""

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from kalshi_edge.choices import StoreKind, TradingMode
from kalshi_edge.config import Settings
from kalshi_edge.errors import ExchangeError, InputError, SettingError
from kalshi_edge.runtime.environment import environment_of

OWNER_ONLY = 0o600
SHORTEST_PASSWORD = 8
_PLAIN = re.compile(r"[A-Za-z0-9_@./:,+=!%^~-]*")
"""What every reader of such files (ours, the dashboard's, a shell's, Docker's) reads alike."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody who begins was asked; all of it is checked by ``Settings`` as well."""

    mode: TradingMode
    cities: tuple[str, ...]
    contact: str = ""
    key_id: str = ""
    key_path: Path | None = None
    password: str = field(default="", repr=False)
    """Of the dashboard; empty: one is made up."""
    store: StoreKind = StoreKind.SQLITE
    store_path: Path = Path("kalshi-edge.db")

    @property
    def overrides(self) -> dict[str, object]:
        """As ``load_settings`` takes them."""
        return {
            "trading_mode": self.mode,
            "cities": self.cities,
            "contact": self.contact,
            "kalshi_key_id": self.key_id,
            "kalshi_private_key_path": self.key_path,
            "store": self.store,
            "store_path": self.store_path,
        }


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What signing in came to."""

    is_accepted: bool
    """Otherwise nobody answered: the key may be right."""
    text: str


def check_password(password: str) -> str:
    """``password``, where it can be one; raises ``SettingError``, which does not repeat it."""
    if len(password) < SHORTEST_PASSWORD:
        raise SettingError(
            f"DASHBOARD_PASSWORD has {len(password)} characters: at least {SHORTEST_PASSWORD}"
        )
    if not _PLAIN.fullmatch(password):
        raise SettingError("DASHBOARD_PASSWORD may have letters, digits and _@./:,+=!%^~- only")
    return password


async def signed_in(settings: Settings) -> KeyCheck:
    """Sign in to the exchange of ``settings`` with their key, and read its limits and balance.

    Raises ``SettingError`` where the key cannot be read or is refused.
    """
    # It only reads, and its owner asks for it: trading real money needs more than that.
    asking = settings.model_copy(update={"live_confirm": "yes"})
    try:
        environment = await environment_of(asking, asks_weather=False)
        account = environment.account_client()
        if account is None:
            return KeyCheck(True, "none needed")
        try:
            limits = await account.learn_limits()
            balance = await account.balance()
        finally:
            await account.aclose()
    except ExchangeError as error:
        if (status := getattr(error, "status", None)) is None:
            return KeyCheck(False, f"nobody answered: {error}")
        raise SettingError(f"the exchange refuses the key (HTTP {status}): {error}") from error
    return KeyCheck(True, f"accepted: tier {limits.tier}, ${balance:,.2f}")


def write_settings(answers: Answers, folder: Path, *, overwrite: bool) -> list[Path]:
    """Write ``.env``, and the dashboard's ``.env.local`` where its folder is; the files written.

    Whatever was there before is kept beside it as ``.bak``. Raises ``InputError`` where there is
    one and it may not be replaced; then nothing is written.
    """
    password = check_password(answers.password) if answers.password else secrets.token_urlsafe(12)
    key = secrets.token_hex(32)
    texts = {folder / ".env": _trader_text(answers, key, password)}
    frontend = folder / "frontend"
    if (frontend / "package.json").is_file():
        texts[frontend / ".env.local"] = _dashboard_text(key, password)
    for path in texts:
        check_absent(path, overwrite=overwrite)
    for path, text in texts.items():
        _write(path, text)
    return list(texts)


def check_absent(path: Path, *, overwrite: bool) -> None:
    """Raise ``InputError`` where ``path`` is there and may not be replaced."""
    if path.exists() and not overwrite:
        raise InputError(f"{path} is there already: --force replaces it and keeps a copy")


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
            file.write(text)
        if path.exists():
            copy = path.replace(path.with_name(f"{path.name}.bak"))
            copy.chmod(OWNER_ONLY)
        new.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _trader_text(answers: Answers, key: str, password: str) -> str:
    values = {
        "TRADING_MODE": answers.mode.value,
        "CITIES": ",".join(answers.cities),
        "CONTACT": answers.contact,
        "STORE": answers.store.value,
        "STORE_PATH": str(answers.store_path),
        "KALSHI_KEY_ID": answers.key_id,
        "KALSHI_PRIVATE_KEY_PATH": "" if answers.key_path is None else str(answers.key_path),
        "API_SECRET_KEY": key,
        "DASHBOARD_PASSWORD": password,
    }
    if answers.mode is TradingMode.LIVE:
        values["LIVE_CONFIRM"] = "no"
    return _text("Settings of Kalshi Edge Trader, by kalshi-edge init.", values)


def _dashboard_text(key: str, password: str) -> str:
    values = {
        "API_URL": "http://127.0.0.1:8000",
        "API_SECRET_KEY": key,
        "DASHBOARD_PASSWORD": password,
    }
    return _text("Settings of the dashboard's server, by kalshi-edge init.", values)


def _text(title: str, values: dict[str, str]) -> str:
    lines = (f"{name}={_quoted(name, value)}" for name, value in values.items() if value)
    return "\n".join((f"# {title}", *lines, ""))


def _quoted(name: str, value: str) -> str:
    r"""``value`` as every reader of such a file takes it.

    >>> _quoted("CONTACT", "ann@weather.test"), _quoted("STORE_PATH", "my data/trader.db")
    ('ann@weather.test', "'my data/trader.db'")
    """
    if _PLAIN.fullmatch(value):
        return value
    if re.search(r"['\\$`\n\r]", value):
        raise SettingError(f"{name} is {value!r}: no quotes, backslashes, $ or line breaks in .env")
    return f"'{value}'"
