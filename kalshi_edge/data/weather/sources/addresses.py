"""Where each weather office is asked; a sandbox differs in nothing else."""

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class WeatherAddresses:
    """The beginnings of all addresses, without a slash at the end."""

    bucket: str = "https://noaa-nbm-grib2-pds.s3.amazonaws.com"
    """NBM files at the object store: whole bulletins."""
    nomads: str = "https://nomads.ncep.noaa.gov/pub/data/nccf/com/blend/prod"
    """NBM files at the model's own server: the same files, sooner and for two days."""
    iem: str = "https://mesonet.agron.iastate.edu"
    """The archive: bulletins one station at a time, climate reports as JSON."""
    nws: str = "https://api.weather.gov"
    """Forecasts, observations, climate reports."""
    aviation: str = "https://aviationweather.gov"
    """METARs of all stations in one answer."""
    mtarchive: str = "https://mtarchive.geol.iastate.edu"
    """Files of past model output, station by station."""
    open_meteo: str = "https://single-runs-api.open-meteo.com"
    """Past model runs at a point; free of charge for non-commercial use only."""

    def office_of(self, url: str) -> str:
        """Which of these an address belongs to, by the field's name; itself where none.

        >>> WeatherAddresses().office_of("https://api.weather.gov/points/40.7789,-73.9692")
        'nws'
        """
        names = (field.name for field in fields(self))
        return next((name for name in names if url.startswith(getattr(self, name) + "/")), url)

    @classmethod
    def under(cls, base: str) -> Self:
        """The addresses of a weather service that is all at ``base``, as the sandbox's is.

        >>> WeatherAddresses.under("http://127.0.0.1:8000/weather").iem
        'http://127.0.0.1:8000/weather/iem'
        """
        return cls(
            bucket=f"{base}/s3",
            nomads=f"{base}/nomads/pub/data/nccf/com/blend/prod",
            iem=f"{base}/iem",
            nws=f"{base}/nws",
            aviation=f"{base}/awc",
            mtarchive=f"{base}/mtarchive",
            open_meteo=f"{base}/open-meteo",
        )
