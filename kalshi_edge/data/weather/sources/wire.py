"""The JSON of api.weather.gov and of the archive, as far as we use it.

What is not as it should be refuses its whole document, by name: no figure is guessed at.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    Strict,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.wmo import correction_number
from kalshi_edge.errors import SourceError

Number = Annotated[FiniteFloat, Strict()]
Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
CELSIUS = ("wmoUnit:degC", "unit:degC")
"""Both ways in which the unit has been written."""


class Wire(BaseModel):
    """What all documents have in common: names in camel case, and much that we do not use."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


# --- /points and /gridpoints ------------------------------------------------------------------


class Point(Wire):
    """Which square of which office's grid a place lies in."""

    grid_id: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    grid_x: Annotated[int, Field(ge=0, le=10_000)]
    grid_y: Annotated[int, Field(ge=0, le=10_000)]


class PointDocument(Wire):
    """``/points/{latitude},{longitude}``."""

    properties: Point


class Span(Wire):
    """A stretch of time: ``2026-07-09T13:00:00+00:00/PT12H``."""

    start_at: Instant
    length: timedelta

    @property
    def middle_at(self) -> datetime:
        """Halfway through it, UTC."""
        return self.start_at + self.length / 2


def _span(text: Any) -> Any:
    if not isinstance(text, str) or text.count("/") != 1:
        raise ValueError("not a beginning and a length")
    start, length = text.split("/")
    return {"startAt": start, "length": length}


class GridValue(Wire):
    """One value of a layer; none where the office has not forecast it."""

    valid_time: Annotated[Span, BeforeValidator(_span)]
    value: Number | None


class GridLayer(Wire):
    """One element in °C."""

    uom: Literal["wmoUnit:degC", "unit:degC"]
    values: tuple[GridValue, ...]


class Grid(Wire):
    """One square's forecast."""

    update_time: Instant
    grid_id: str
    max_temperature: GridLayer


class GridDocument(Wire):
    """``/gridpoints/{office}/{x},{y}``."""

    properties: Grid


# --- /stations/{id}/observations --------------------------------------------------------------


class Quantity(Wire):
    """A measured value and the checks that it has passed: ``V`` verified, ``C`` coarsely …"""

    unit_code: str
    value: Number | None
    quality_control: str = ""


class ObservedValues(Wire):
    """One report: a METAR's text, or without one a reading in whole °C."""

    timestamp: Instant
    raw_message: str | None = ""
    temperature: Quantity


class ObservedFeature(Wire):
    """One report in its envelope."""

    properties: ObservedValues


class ObservationsDocument(Wire):
    """``/stations/{id}/observations``."""

    features: tuple[ObservedFeature, ...]


# --- /products --------------------------------------------------------------------------------


class ProductEntry(Wire):
    """One text in a list of them."""

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,80}$")]
    issuance_time: Instant


class ProductsDocument(Wire):
    """``/products/types/CLI/locations/{place}``."""

    graph: Annotated[tuple[ProductEntry, ...], Field(alias="@graph")]


class ProductDocument(Wire):
    """``/products/{id}``."""

    product_text: str


# --- the archive's /json/cli.py ---------------------------------------------------------------


def _product(text: Any) -> Any:
    found = _PRODUCT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("not the name of a climate report")
    issued_at = datetime.strptime(found["issued"], "%Y%m%d%H%M").replace(tzinfo=UTC)
    correction = correction_number(found["again"] or "")
    return {"issuedAt": issued_at, "report": found["report"], "correction": correction}


_PRODUCT = re.compile(
    r"(?P<issued>\d{12})-[A-Z]{4}-[A-Z]{4}\d\d-(?P<report>CLI[A-Z]{3})"
    r"(?:-(?P<again>CC[A-Z])|-[A-Z]{3})?"
)


class ArchivedProduct(Wire):
    """``202604240617-KOKX-CDUS41-CLINYC``: when it was issued, what it is, which correction."""

    issued_at: Instant
    report: str
    correction: int


Figure = Annotated[int, Strict()] | Literal["M"] | None


class ClimateEntry(BaseModel):
    """One day as the archive has read it; ``M`` where a figure is missing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    station: str
    valid: date
    high: Figure
    low: Figure
    product: Annotated[ArchivedProduct, BeforeValidator(_product)]


class ClimateDocument(BaseModel):
    """``/json/cli.py``: each entry is looked at on its own, whatever it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    results: tuple[Any, ...]

    def of_days(self, days: Collection[date], where: str) -> "Iterator[ClimateEntry | SourceError]":
        """The entries of ``days``, and why those that may be of them cannot be read."""
        for entry in self.results:
            try:
                day = _day_of(entry)
                if day is None or day in days:
                    read = parse_document(ClimateEntry, entry, where)
                    if read.valid in days:
                        yield read
            except SourceError as error:
                yield error


def _day_of(entry: Any) -> date | None:
    """The day that an entry is about; ``None`` where it does not say."""
    try:
        return date.fromisoformat(entry["valid"])
    except (TypeError, ValueError, LookupError):
        return None


Document = TypeVar("Document", bound=BaseModel)


def parse_document(kind: type[Document], content: Any, where: str) -> Document:
    """The document in ``content``, JSON in bytes or decoded already.

    Raises ``SourceError`` with the first thing wrong with it.
    """
    try:
        if isinstance(content, bytes):
            return kind.model_validate_json(content)
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        why = f"{where}: {place}: {first['msg']}"
        raise SourceError(why, outcome=PollOutcome.MALFORMED) from error
