"""What an environment needs of the settings, checked before anything heavy is imported."""

from typing import TYPE_CHECKING

from kalshi_edge.choices import TradingMode
from kalshi_edge.config import Settings
from kalshi_edge.errors import SettingError

if TYPE_CHECKING:
    from kalshi_edge.data.kalshi.private_key import PrivateKey


def check_settings(
    settings: Settings,
    *,
    in_sandbox: bool = False,
    asks_weather: bool = True,
    signs: bool = True,
    needs_key: bool = False,
) -> None:
    """Raise ``SettingError`` where a setting that is needed is missing or wrong.

    Who does not sign needs no key; who only looks at the exchange needs no contact for the weather
    offices, which live trading does.
    """
    mode, in_sandbox = settings.trading_mode, in_sandbox or bool(settings.sandbox_url)
    if in_sandbox and mode is TradingMode.LIVE:
        raise SettingError("TRADING_MODE is 'live': real money does not go to a sandbox")
    if needs_key and mode is TradingMode.PAPER:
        raise SettingError("TRADING_MODE is 'paper', which signs nothing: a key is needed here")
    if signs and mode is not TradingMode.PAPER:
        _check_signing(settings, in_sandbox=in_sandbox, asks_weather=asks_weather)


def _check_signing(settings: Settings, *, in_sandbox: bool, asks_weather: bool) -> None:
    if settings.trading_mode is TradingMode.LIVE and settings.live_confirm != "yes":
        raise SettingError(
            "TRADING_MODE is 'live', which trades real money: it starts with LIVE_CONFIRM=yes only"
        )
    if settings.kalshi_key_id or not in_sandbox:  # a sandbox makes one
        signing_key(settings)
    if settings.trading_mode is TradingMode.LIVE and asks_weather and not settings.contact:
        raise SettingError(
            "CONTACT is missing: live trading needs an e-mail address or web page of yours, by"
            " which the weather offices can reach whoever asks them"
        )


def signing_key(settings: Settings) -> "tuple[str, PrivateKey]":
    """Id and private key of the settings; ``SettingError`` where they are missing or wrong."""
    from kalshi_edge.data.kalshi.private_key import parse_key, read_pem  # noqa: PLC0415

    pem = settings.kalshi_private_key_pem.get_secret_value()
    return parse_key(settings.kalshi_key_id, read_pem(pem, settings.kalshi_private_key_path))
