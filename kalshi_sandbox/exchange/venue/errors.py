"""A definite no, in the exchange's words: an HTTP status, a code, a sentence and details."""

from kalshi_edge.errors import ExchangeError


class Refusal(ExchangeError):
    """A request that is refused and has changed nothing."""

    def __init__(self, status: int, code: str, details: str = "") -> None:
        self.status = status
        self.code = code
        self.details = details
        super().__init__(f"{status} {code}: {details}" if details else f"{status} {code}")


def bad_request(details: str) -> Refusal:
    """A parameter that cannot be understood."""
    return Refusal(400, "invalid_parameters", details)


def invalid_order(details: str) -> Refusal:
    """An order that the rules do not allow."""
    return Refusal(400, "invalid_order", details)


def not_found(what: str) -> Refusal:
    """Something that does not exist, or is over."""
    return Refusal(404, "not_found", what)
