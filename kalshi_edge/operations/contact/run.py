"""A first contact from its settings to the folder that is left of it."""

from collections.abc import Callable
from pathlib import Path

from kalshi_edge.clock import SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.errors import InputError
from kalshi_edge.operations.check_results import CheckResult
from kalshi_edge.operations.contact.capture import read_capture, write_capture
from kalshi_edge.operations.contact.contact import (
    contact_results,
    new_contact,
    replayed_contact,
)


async def run_contact(
    settings: Settings,
    *,
    orders: bool = False,
    folder: Path | None = None,
    replay: Path | None = None,
    told: Callable[[CheckResult], object],
) -> Path | None:
    """Make a contact, or compare the answers kept in ``replay`` again; each result is ``told``.

    Gives the folder in which the answers are kept now; ``None`` for a replay. Raises ``InputError``
    where the folder is there already, before anybody is asked.
    """
    if replay is not None:
        about, answers = read_capture(replay)
        contact = replayed_contact(settings, about, answers)
        orders = any(one.method == "POST" for one in answers)
        async for result in contact_results(contact, orders=orders):
            told(result)
        return None
    kept_in = folder or Path(f"contact-{SystemClock().now():%Y%m%dT%H%M%SZ}")
    if kept_in.exists():
        raise InputError(f"{kept_in} is there already: name another folder")
    contact = await new_contact(settings, orders=orders)
    about = contact.about
    try:
        async for result in contact_results(contact, orders=orders):
            told(result)
    finally:
        write_capture(kept_in, about, contact.kept, _secrets(settings))
    return kept_in


def _secrets(settings: Settings) -> tuple[str, ...]:
    """What an answer might repeat of the settings."""
    return (
        settings.kalshi_key_id,
        settings.contact,
        settings.api_secret_key.get_secret_value(),
        settings.dashboard_password.get_secret_value(),
    )
