"""Bulletins, from a file or asked for now."""

from collections.abc import Sequence
from pathlib import Path

from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.data.source_status import SourceStatus
from kalshi_edge.data.weather.nbm.bulletin import NbmBulletin
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.errors import BulletinError, InputError
from kalshi_edge.runtime.bootstrap import layouts_path
from kalshi_edge.runtime.environment import environment_of


def bulletin_of(path: Path, clock: Clock | None = None) -> NbmBulletin:
    """The forecasts in a bulletin's file, an NBP, NBS, NBE or NBX.

    Raises ``InputError`` where there is no such file and ``BulletinError`` where nothing in it can
    be read.
    """
    if not path.is_file():
        raise InputError(f"no file {path}")
    text = path.read_bytes()
    received_at = (clock or SystemClock()).now()
    parse = parse_nbp if b" NBP " in text else parse_nbs
    try:
        return parse(text, received_at=received_at)
    except BulletinError as error:
        raise InputError(f"{path}: {error}") from error


async def ask_bulletins(settings: Settings) -> Sequence[SourceStatus]:
    """Ask for the bulletins of now, once; what that came to."""
    environment = await environment_of(settings, signs=False)
    layouts = LayoutCache(layouts_path(settings.store_path))
    async with PoliteClient(
        environment.clock, environment.user_agent, addresses=environment.addresses
    ) as client:
        sources = [
            NbmSource(product, client, settings.stations, environment.clock, layouts=layouts)
            for product in (NBP, NBS_BRIDGE)
        ]
        for source in sources:
            await source()
    return [source.status for source in sources]
