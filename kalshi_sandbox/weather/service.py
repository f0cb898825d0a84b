"""The weather service as one application: every host's paths under a prefix of its own.

``/s3`` the public bucket, ``/nomads`` the model's server, ``/iem`` the archive of texts, ``/nws``
api.weather.gov, ``/awc`` aviationweather.gov, ``/mtarchive`` files of model output, ``/open-meteo``
single runs at a point. A client changes base addresses and nothing else.
Every answer says ``X-Synthetic: yes``.
"""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kalshi_edge.clock import Clock
from kalshi_sandbox.weather.aviation import Aviation
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.models.service import PastGuidance
from kalshi_sandbox.weather.nbm_bucket import Bucket
from kalshi_sandbox.weather.nws_api import Government
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.weather.text_archive import TextArchive
from kalshi_sandbox.world.world import World


def weather_app(world: World, clock: Clock, faults: Faults) -> ASGIApp:
    """The application that tells of ``world`` what can be known at the clock's time."""
    newsroom = Newsroom(world, faults)
    bucket = Bucket(newsroom, clock)
    past = PastGuidance(newsroom, clock)
    archive = [*TextArchive(newsroom, clock).routes(), *past.archive_routes()]
    routes = [
        Mount("/s3", routes=bucket.s3_routes()),
        Mount("/nomads", routes=bucket.nomads_routes()),
        Mount("/iem", routes=archive),
        Mount("/nws", routes=Government(newsroom, clock).routes()),
        Mount("/awc", routes=Aviation(newsroom, clock).routes()),
        Mount("/mtarchive", routes=past.file_routes()),
        Mount("/open-meteo", routes=past.point_routes()),
    ]
    return _marked(Starlette(routes=routes))


def _marked(app: ASGIApp) -> ASGIApp:
    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-synthetic", b"yes")]
            await send(message)

        await app(scope, receive, send_marked)

    return marked
