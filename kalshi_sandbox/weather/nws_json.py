"""What all JSON of api.weather.gov shares: features, context and stamps."""

from datetime import UTC, datetime
from typing import Any

from kalshi_edge.domain.weather import Station

Json = dict[str, Any]
CONTEXT = ["https://geojson.org/geojson-ld/geojson-context.jsonld", {"@version": "1.1"}]


def feature(identifier: str, station: Station) -> Json:
    """The outside of a feature at a station; its properties are still to come."""
    return {
        "@context": CONTEXT,
        "id": identifier,
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [station.longitude, station.latitude]},
    }


def hour(at: datetime) -> datetime:
    """The hour that holds an instant."""
    return at.replace(minute=0, second=0, microsecond=0)


def stamp(at: datetime) -> str:
    """An instant as the API writes it: ``2026-11-22T16:00:00+00:00``."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
