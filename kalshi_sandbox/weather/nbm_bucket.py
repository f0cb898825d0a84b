"""NBM's files as the public bucket (``/s3``) and the model's own server (``/nomads``) have them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kalshi_edge.clock import Clock
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_sandbox.weather.byte_ranges import BulkFile
from kalshi_sandbox.weather.faults import FaultKind, Product
from kalshi_sandbox.weather.http_rules import Document, answer, entity_tag, hindrance
from kalshi_sandbox.weather.nbm_files import nbm_file, nbm_file_size
from kalshi_sandbox.weather.nbm_layout import layout
from kalshi_sandbox.weather.product_feed import ARCHIVE_BEGINS, Newsroom
from kalshi_sandbox.world.publication import NOMADS_LEAD, RUN_HOURS, Model

_BUCKET = "noaa-nbm-grib2-pds"
_KEY = re.compile(r"blend\.(\d{8})/(\d\d)/text/blend_(nbp|nbs)tx\.t(\d\d)z")
_PRODUCTS = {Model.NBP: Product.NBP, Model.NBS: Product.NBS}
_MOST_KEYS = 1000
_NOMADS_RETENTION = timedelta(days=2)
_KEPT_FILES = 4

Run = tuple[Model, datetime]


class Bucket:
    """The files of all runs; the last few that were asked for are kept."""

    def __init__(self, newsroom: Newsroom, clock: Clock) -> None:
        self._newsroom = newsroom
        self._clock = clock
        self._file = lru_cache(maxsize=_KEPT_FILES)(self._made_file)

    def s3_routes(self) -> list[Route]:
        """Objects and their listing."""
        return [Route("/", self._listing), Route("/{key:path}", self._object)]

    def nomads_routes(self) -> list[Route]:
        """The same files, sooner but only of two days."""
        return [Route("/pub/data/nccf/com/blend/prod/{key:path}", self._nomads)]

    async def _object(self, request: Request) -> Response:
        key = request.path_params["key"]
        run, now = _run_of_key(key), self._clock.now()
        if run is None or not self._exists(run, now):
            return _xml(404, f"<Error><Code>NoSuchKey</Code><Key>{escape(key)}</Key></Error>")
        return await self._answer(request, run, self._published_at(run))

    async def _nomads(self, request: Request) -> Response:
        run, now = _run_of_key(request.path_params["key"]), self._clock.now()
        if run is None or not self._exists(run, now + NOMADS_LEAD):
            return Response("404 Not Found", 404)
        published_at = self._published_at(run) - NOMADS_LEAD
        if run[1].date() <= (now - _NOMADS_RETENTION).date():
            return Response("404 Not Found", 404)
        return await self._answer(request, run, published_at)

    async def _answer(self, request: Request, run: Run, published_at: datetime) -> Response:
        product = _PRODUCTS[run[0]]
        without = self._without(product)
        found = Document(
            body=self._file(*run, without),
            media_type="binary/octet-stream",
            etag=self._etag(run, without),
            modified_at=published_at,
        )
        return await answer(request, found, self._newsroom.faults, product, has_ranges=True)

    async def _listing(self, request: Request) -> Response:
        if refusal := await hindrance(self._newsroom.faults, Product.LISTING, None):
            return refusal
        query = request.query_params
        after = query.get("continuation-token") or query.get("start-after") or ""
        asked = query.get("max-keys", "")
        most = min(int(asked), _MOST_KEYS) if asked.isdigit() else _MOST_KEYS
        keys = list(islice(self._keys(query.get("prefix", ""), after), most + 1))
        return _xml(200, self._list(keys[:most], query.get("prefix", ""), len(keys) > most, most))

    def _list(self, keys: list[str], prefix: str, is_truncated: bool, most: int) -> str:
        more = f"<NextContinuationToken>{keys[-1]}</NextContinuationToken>" if is_truncated else ""
        return (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{_BUCKET}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(keys)}</KeyCount><MaxKeys>{most}</MaxKeys>"
            f"<IsTruncated>{str(is_truncated).lower()}</IsTruncated>{more}"
            + "".join(self._contents(key) for key in keys)
            + "</ListBucketResult>"
        )

    def _contents(self, key: str) -> str:
        run = _run_of_key(key)
        assert run is not None  # every key listed is one of ours
        without = self._without(_PRODUCTS[run[0]])
        size = nbm_file_size(self._newsroom.world, layout(*run), without=without)
        at = self._published_at(run)
        return (
            f"<Contents><Key>{key}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
            f"<ETag>{escape(self._etag(run, without), {chr(34): '&quot;'})}</ETag>"
            f"<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )

    def _keys(self, prefix: str, after: str) -> Iterator[str]:
        """The keys that begin with ``prefix`` and come after ``after``, in their order."""
        now = self._clock.now()
        day = ARCHIVE_BEGINS
        while day <= now.date():
            folder = f"blend.{day:%Y%m%d}/"
            if (folder.startswith(prefix) or prefix.startswith(folder)) and folder + "~" > after:
                for key in _keys_of_day(folder):
                    run = _run_of_key(key)
                    is_there = run is not None and self._exists(run, now)
                    if key.startswith(prefix) and key > after and is_there:
                        yield key
            day += timedelta(days=1)

    def _exists(self, run: Run, now: datetime) -> bool:
        product = _PRODUCTS[run[0]]
        is_missing = self._newsroom.faults.find(product, FaultKind.MISSING) is not None
        return not is_missing and run[1].date() >= ARCHIVE_BEGINS and self._published_at(run) <= now

    def _etag(self, run: Run, without: frozenset[str]) -> str:
        """As good as a digest of the file: everything that its bytes depend on."""
        return entity_tag(f"{self._newsroom.world.seed} {run} {sorted(without)}".encode())

    def _published_at(self, run: Run) -> datetime:
        late = self._newsroom.faults.delay(_PRODUCTS[run[0]])
        return self._newsroom.world.published_at(*run) + late

    def _without(self, product: Product) -> frozenset[str]:
        find = self._newsroom.faults.find
        names = (station.icao for station in STATIONS)
        return frozenset(name for name in names if find(product, FaultKind.MISSING, name))

    def _made_file(self, model: Model, run_at: datetime, without: frozenset[str]) -> BulkFile:
        return nbm_file(self._newsroom.world, layout(model, run_at), without=without)


def _run_of_key(key: str) -> Run | None:
    """The run whose file a key is; ``None`` where it is none of ours."""
    found = _KEY.fullmatch(key)
    if found is None or found[2] != found[4]:
        return None
    model = Model(found[3].upper())
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return None
    if int(found[2]) not in RUN_HOURS[model]:
        return None
    return model, datetime.combine(day, time(int(found[2])), tzinfo=UTC)


def _keys_of_day(folder: str) -> Iterator[str]:
    for hour in range(24):
        for model in (Model.NBP, Model.NBS):
            if hour in RUN_HOURS[model]:
                yield f"{folder}{hour:02d}/text/blend_{model.lower()}tx.t{hour:02d}z"


def _xml(status: int, body: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    return Response(text, status, media_type="application/xml")
