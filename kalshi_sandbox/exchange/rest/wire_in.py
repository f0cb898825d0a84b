"""The bodies of orders and order groups: prices and counts are strings, never JSON numbers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.execution.matching import SelfTrade
from kalshi_sandbox.exchange.venue.accounts import NewOrder
from kalshi_sandbox.exchange.venue.errors import bad_request


def _instant(unix_s: int) -> int:
    # Kept as a number; the check is here so that a wild one is a 400 and not a crash later.
    datetime.fromtimestamp(unix_s, UTC)
    return unix_s


PriceText = Annotated[str, StringConstraints(pattern=r"^\d{1,2}(\.\d{1,4})?$")]
CountText = Annotated[str, StringConstraints(pattern=r"^\d{1,10}(\.\d{1,2})?$")]
ClientId = Annotated[str, StringConstraints(max_length=64, pattern=r"^[\-\w:+=/]*$")]
UnixSeconds = Annotated[int, Field(ge=0, le=32_503_680_000), AfterValidator(_instant)]
Primary = Annotated[int, Field(ge=0, le=0)]
"""Subaccounts: the sandbox has the primary one only."""

Body = TypeVar("Body", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class CreateOrder(_Strict):
    """A new order."""

    ticker: Annotated[str, StringConstraints(min_length=1)]
    side: Annotated[Side, Field(strict=False)]
    count: CountText
    price: PriceText
    time_in_force: Annotated[TimeInForce, Field(strict=False)]
    self_trade_prevention_type: Annotated[SelfTrade, Field(strict=False)]
    client_order_id: ClientId = ""
    expiration_time: UnixSeconds | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_order_on_pause: bool = False
    order_group_id: str | None = None
    subaccount: Primary | None = None
    exchange_index: int | None = None

    def order(self) -> NewOrder:
        """The order that is asked for."""
        return NewOrder(
            ticker=self.ticker,
            side=self.side,
            price=Decimal(self.price),
            count=Decimal(self.count),
            time_in_force=self.time_in_force,
            self_trade=self.self_trade_prevention_type,
            client_order_id=self.client_order_id,
            expires_at=instant_of(self.expiration_time),
            post_only=self.post_only,
            reduce_only=self.reduce_only,
            cancel_on_pause=self.cancel_order_on_pause,
            group_id=self.order_group_id or None,
        )


class AmendOrder(_Strict):
    """A change of an order; ``count`` is what it has filled and what it still wants together."""

    ticker: Annotated[str, StringConstraints(min_length=1)]
    side: Annotated[Side, Field(strict=False)]
    price: PriceText
    count: CountText
    client_order_id: ClientId | None = None
    updated_client_order_id: ClientId | None = None
    expiration_time: UnixSeconds | None = None
    exchange_index: int | None = None


class DecreaseOrder(_Strict):
    """A smaller order."""

    reduce_by: CountText | None = None
    reduce_to: CountText | None = None
    exchange_index: int | None = None
    market_ticker: str | None = None


class CancelItem(_Strict):
    """One order of a batch to cancel."""

    order_id: str
    subaccount: Primary | None = None
    exchange_index: int | None = None
    market_ticker: str | None = None


class GroupLimit(_Strict):
    """The limit of an order group, in whole contracts or as a string; both must agree."""

    contracts_limit: Annotated[int, Field(ge=1)] | None = None
    contracts_limit_fp: CountText | None = None
    subaccount: Primary | None = None
    exchange_index: int | None = None

    def limit(self) -> Decimal:
        """Contracts. Raises ``Refusal`` 400."""
        whole, text = self.contracts_limit, self.contracts_limit_fp
        if whole is None and text is None:
            raise bad_request("contracts_limit or contracts_limit_fp is required")
        limit = Decimal(text) if text is not None else Decimal(whole or 0)
        if whole is not None and limit != whole:
            raise bad_request(f"contracts_limit {whole} and contracts_limit_fp {text} differ")
        if limit <= 0:
            raise bad_request(f"a limit of {limit} contracts")
        return limit


def parse_body(kind: type[Body], body: Any) -> Body:
    """A body of ``kind``; ``Refusal`` 400 that names the first field that is wrong."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise bad_request(f"{place}: {first['msg']}") from None


def instant_of(unix_s: int | None) -> datetime | None:
    """An instant of Unix seconds, if there is one."""
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC)
