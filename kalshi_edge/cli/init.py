"""``kalshi-edge init``: the first settings, asked for one by one, or given as options."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from kalshi_edge.choices import StoreKind, TradingMode
from kalshi_edge.errors import EdgeError, SettingError

if TYPE_CHECKING:
    from kalshi_edge.config import Settings
    from kalshi_edge.operations.first_settings import Answers

T = TypeVar("T")
Kind = TypeVar("Kind", TradingMode, StoreKind)


def init(  # noqa: PLR0917 - every question is an option too
    mode: Annotated[TradingMode | None, typer.Option(help="paper (default), demo or live.")] = None,
    city: Annotated[
        list[str] | None,
        typer.Option("--city", help="City; repeatable, or separated by commas."),
    ] = None,
    contact: Annotated[
        str | None, typer.Option(help="E-mail address or web page, for the weather offices.")
    ] = None,
    key_id: Annotated[str | None, typer.Option(help="Id of the exchange's key.")] = None,
    key_path: Annotated[Path | None, typer.Option(help="File of the private key, in PEM.")] = None,
    password: Annotated[
        str | None, typer.Option(help="Of the dashboard; without one it is made up.")
    ] = None,
    store: Annotated[StoreKind | None, typer.Option(help="sqlite (default) or dynamodb.")] = None,
    store_path: Annotated[
        Path | None, typer.Option(help="The SQLite file. Default: kalshi-edge.db.")
    ] = None,
    *,
    check: Annotated[bool, typer.Option(help="Sign in to the exchange with the key.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing .env.")] = False,
) -> None:
    """Write the first settings to .env, readable by you only.

    Asks for what no option gives. Without a terminal it asks nothing: what is not given has its
    default, and what has none is refused.
    """
    import sys

    from kalshi_edge.config import load_settings

    usual = load_settings()
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    from kalshi_edge.operations.first_settings import Answers, check_absent

    here = Path.cwd()
    check_absent(here / ".env", overwrite=force or (asks and _replaces(here / ".env")))
    questions = _Questions(usual, asks=asks)
    chosen = questions.mode(mode)
    answers = Answers(
        chosen,
        questions.cities(city),
        questions.contact(contact, chosen),
        *questions.key(key_id, key_path, chosen, checks=check),
        questions.password(password),
        *questions.store(store, store_path),
    )
    _finish(answers, here)


def _replaces(path: Path) -> bool:
    return path.exists() and typer.confirm(f"{path.name} is there already. Replace it?")


class _Questions:
    """Asks what is not given, again after a wrong answer; without a terminal, nothing."""

    def __init__(self, usual: "Settings", *, asks: bool) -> None:
        self._usual = usual
        self._asks = asks

    def mode(self, given: TradingMode | None) -> TradingMode:
        texts = {
            TradingMode.PAPER: "real prices, simulated orders, no key",
            TradingMode.DEMO: "the exchange's demo environment, mock money",
            TradingMode.LIVE: "REAL MONEY",
        }
        if given is None and self._asks:
            for one, text in texts.items():
                typer.echo(f"  {one:<6} {text}")
        return self._answer(given, "Mode", TradingMode.PAPER, partial(_word, TradingMode))

    def cities(self, given: list[str] | None) -> tuple[str, ...]:
        text = None if given is None else ",".join(given)
        return self._answer(text, "Cities", ",".join(self._usual.cities), self._known_cities)

    def contact(self, given: str | None, mode: TradingMode) -> str:
        needed = mode is TradingMode.LIVE

        def checked(text: str) -> str:
            if needed and not text:
                raise SettingError("CONTACT is missing: live trading needs one (--contact)")
            return self._settings(contact=text).contact

        what = "Contact for the weather offices" + ("" if needed else " (empty: none)")
        return self._answer(given, what, "", checked)

    def key(
        self, key_id: str | None, path: Path | None, mode: TradingMode, *, checks: bool
    ) -> tuple[str, Path | None]:
        if mode is TradingMode.PAPER:
            if key_id or path:
                raise SettingError("a key was given for paper trading, which signs nothing")
            return "", None
        if self._usual.sandbox_url and not (key_id or path):
            typer.echo("  a sandbox makes a key of its own")
            return "", None
        while True:
            try:
                return self._key(key_id, path, mode, checks=checks)
            except EdgeError as error:
                if not self._asks:
                    raise
                _said(error)
                key_id = path = None

    def _key(
        self, key_id: str | None, path: Path | None, mode: TradingMode, *, checks: bool
    ) -> tuple[str, Path | None]:
        from kalshi_edge.runtime.requirements import signing_key

        key_id = self._answer(key_id, "Key id", None, lambda text: _given(text, "KALSHI_KEY_ID"))
        text = None if path is None else str(path)
        path = self._answer(
            text,
            "File of the private key (PEM)",
            None,
            lambda text: Path(_given(text, "KALSHI_PRIVATE_KEY_PATH")).expanduser().absolute(),
        )
        settings = self._settings(
            trading_mode=mode, kalshi_key_id=key_id, kalshi_private_key_path=path
        )
        signing_key(settings)
        if checks:
            self._sign_in(settings)
        return key_id, path

    def _sign_in(self, settings: "Settings") -> None:
        import asyncio

        from kalshi_edge.operations.first_settings import signed_in

        found = asyncio.run(signed_in(settings))
        typer.echo(f"  key {found.text}")
        if found.is_accepted:
            return
        typer.echo("  the key is not checked; `kalshi-edge doctor` does it later")
        if self._asks and not typer.confirm("Use it all the same?", default=True):
            raise SettingError("the key was not checked")

    def password(self, given: str | None) -> str:
        from kalshi_edge.operations.first_settings import check_password

        def checked(text: str) -> str:
            return check_password(text) if text else ""

        what = "Password of the dashboard (empty: one is made up)"
        return self._answer(given, what, "", checked, hide=True)

    def store(self, kind: StoreKind | None, path: Path | None) -> tuple[StoreKind, Path]:
        chosen = self._answer(
            kind, "Store: sqlite or dynamodb", StoreKind.SQLITE, partial(_word, StoreKind)
        )
        if chosen is StoreKind.DYNAMODB:
            return chosen, self._usual.store_path
        text = None if path is None else str(path)
        where = self._answer(text, "File of the store", str(self._usual.store_path), Path)
        return chosen, where

    def _known_cities(self, text: str) -> tuple[str, ...]:
        return self._settings(cities=text).cities

    @staticmethod
    def _settings(**some: object) -> "Settings":
        from kalshi_edge.config import load_settings

        return load_settings(**some)

    def _answer(
        self,
        given: object | None,
        what: str,
        usual: object | None,
        checked: Callable[[str], T],
        *,
        hide: bool = False,
    ) -> T:
        """What was given, or else is answered, as ``checked`` reads it; the default otherwise."""
        if given is not None or not self._asks:
            return checked(str(given if given is not None else usual if usual is not None else ""))
        while True:
            default = None if usual is None else str(usual)
            text = typer.prompt(what, default=default, hide_input=hide, show_default=bool(usual))
            try:
                return checked(str(text).strip())
            except EdgeError as error:
                _said(error)


def _word(kind: type[Kind], text: str) -> Kind:
    try:
        return kind(text)
    except ValueError:
        raise SettingError(f"{text!r} is none of {', '.join(kind)}") from None


def _given(text: str, name: str) -> str:
    if not text:
        option = name.removeprefix("KALSHI_").removeprefix("PRIVATE_").lower().replace("_", "-")
        raise SettingError(f"{name} is missing: give it as --{option}")
    return text


def _said(error: Exception) -> None:
    typer.echo(f"  {typer.style('no:', fg='red')} {error}")


def _finish(answers: "Answers", here: Path) -> None:
    from kalshi_edge.config import load_settings
    from kalshi_edge.operations.first_settings import write_settings

    load_settings(**answers.overrides)
    files = write_settings(answers, here, overwrite=True)
    for path in files:
        typer.echo(f"{typer.style('written', fg='green')} {path.relative_to(here)} (yours only)")
    typer.echo("\nNext:")
    if answers.store is StoreKind.DYNAMODB:
        typer.echo("  kalshi-edge tables create   the tables, once")
    typer.echo("  kalshi-edge doctor          what must be right before trading starts")
    if answers.mode is TradingMode.LIVE:
        typer.echo("  LIVE_CONFIRM=yes in .env    once you have read docs/concepts/orders.md")
    typer.echo("  kalshi-edge run             trade, until Ctrl-C")
    if len(files) > 1:
        typer.echo("  cd frontend && npm install && npm run build && npm start")
        typer.echo("                              the dashboard: http://127.0.0.1:3000/dashboard")
    if not answers.password:
        typer.echo("\nThe dashboard's password was made up: DASHBOARD_PASSWORD in .env.")
