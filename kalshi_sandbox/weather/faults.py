"""What goes wrong with the weather service: a list that may be changed at any time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kalshi_edge.errors import InputError


class Product(StrEnum):
    """What a fault can befall."""

    NBP = "nbp"
    NBS = "nbs"
    LISTING = "listing"
    METAR = "metar"
    OBSERVATIONS = "observations"
    FORECAST = "forecast"
    CLI = "cli"
    CLI_ARCHIVE = "cli_archive"
    DSM = "dsm"
    MAV = "mav"
    MET = "met"
    LAV = "lav"
    BUFKIT = "bufkit"
    """Files of HRRR and RAP."""
    POINT = "point"
    """Single runs of GEFS."""
    ASOS = "asos"
    """The archive's past readings."""


class FaultKind(StrEnum):
    """What befalls it; the amount means what is said here."""

    LATE = "late"
    """It appears this many minutes later."""
    MISSING = "missing"
    """It never appears; with a station, that station's part of it."""
    CORRECTED = "corrected"
    """A correction follows the final climate report, this many °F higher."""
    TRUNCATED = "truncated"
    """It ends after this share of its bytes, and says nothing of it."""
    MALFORMED = "malformed"
    """Figures in it are unreadable."""
    DOWN = "down"
    """Its server answers 503."""
    SLOW = "slow"
    """Its server takes this many real seconds."""
    WRONG_LENGTH = "wrong_length"
    """Its server announces this many bytes more than it sends."""


_USUAL_AMOUNTS = {
    FaultKind.LATE: 60.0,
    FaultKind.CORRECTED: 1.0,
    FaultKind.TRUNCATED: 0.5,
    FaultKind.SLOW: 5.0,
    FaultKind.WRONG_LENGTH: 100.0,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, at one station (ICAO) or at all."""

    product: Product
    kind: FaultKind
    station: str | None = None
    amount: float | None = None
    """In the unit that the kind says; ``None`` for what is usual."""

    def __post_init__(self) -> None:
        if self.kind is FaultKind.CORRECTED and self.product is not Product.CLI:
            raise InputError(f"only climate reports are corrected, not {self.product}")
        if self.kind is FaultKind.TRUNCATED and not 0 <= self.size < 1:
            raise InputError(f"a truncated product keeps a share of 0 to 1, not {self.size}")
        if self.kind is not FaultKind.CORRECTED and self.size < 0:
            raise InputError(f"{self.kind} takes no negative amount {self.size}")

    @property
    def size(self) -> float:
        """The amount, the usual one where none was given."""
        return _USUAL_AMOUNTS.get(self.kind, 0.0) if self.amount is None else self.amount


def fault_of(fields: Mapping[str, object]) -> Fault:
    """The fault that plain fields describe, as they come from JSON; else ``InputError``.

    >>> fault_of({"product": "cli", "kind": "late", "amount": 90}).size
    90.0
    """
    unknown = set(fields) - {"product", "kind", "station", "amount"}
    if unknown:
        raise InputError(f"a fault has no {', '.join(sorted(unknown))}")
    station, amount = fields.get("station"), fields.get("amount")
    if not (station is None or isinstance(station, str)):
        raise InputError(f"a fault's station is an ICAO identifier, not {station!r}")
    if isinstance(amount, bool) or not (amount is None or isinstance(amount, int | float)):
        raise InputError(f"a fault's amount is a number, not {amount!r}")
    try:
        product, kind = Product(str(fields.get("product"))), FaultKind(str(fields.get("kind")))
    except ValueError as error:
        raise InputError(f"no such fault: {error}") from error
    return Fault(product, kind, station, None if amount is None else float(amount))


class Faults:
    """The faults in force. Empty, everything works.

    >>> faults = Faults([Fault(Product.CLI, FaultKind.LATE, "KNYC", 30)])
    >>> faults.delay(Product.CLI, "KNYC"), faults.delay(Product.CLI, "KMDW")
    (datetime.timedelta(seconds=1800), datetime.timedelta(0))
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._active = list(faults)

    @property
    def active(self) -> tuple[Fault, ...]:
        """All faults in force, oldest first."""
        return tuple(self._active)

    def add(self, fault: Fault) -> None:
        """Let ``fault`` be from now on, in place of one of its kind, product and station."""
        self._active = [
            other
            for other in self._active
            if (other.product, other.kind, other.station)
            != (fault.product, fault.kind, fault.station)
        ]
        self._active.append(fault)

    def clear(self, product: Product | None = None) -> None:
        """End the faults of a product, or all."""
        self._active = [
            fault for fault in self._active if product is not None and fault.product != product
        ]

    def find(self, product: Product, kind: FaultKind, station: str | None = None) -> Fault | None:
        """The newest fault of this kind that concerns ``station``'s part of a product, or all."""
        return next(
            (
                fault
                for fault in reversed(self._active)
                if fault.product is product
                and fault.kind is kind
                and fault.station in {None, station}
            ),
            None,
        )

    def delay(self, product: Product, station: str | None = None) -> timedelta:
        """How much later than usual the product appears."""
        fault = self.find(product, FaultKind.LATE, station)
        return timedelta(minutes=0 if fault is None else fault.size)
