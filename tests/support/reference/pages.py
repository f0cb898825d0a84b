"""Which page of docs/reference is made by what."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.support.command_reference import reference
from tests.support.reference.alarms import alarms_page
from tests.support.reference.endpoints import endpoints_page
from tests.support.reference.metrics import metrics_page
from tests.support.reference.refusals import refusals_page
from tests.support.reference.settings import settings_page

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "commands.md": reference,
        "settings.md": settings_page,
        "endpoints.md": endpoints_page,
        "metrics.md": metrics_page,
        "alarms.md": alarms_page,
        "refusals.md": refusals_page,
    }
)
