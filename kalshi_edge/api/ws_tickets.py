"""Passes for one live connection each, bought with the key: browsers cannot send headers there."""

import secrets
from collections.abc import Callable

LASTS_S = 30.0
MOST = 1000


class Tickets:
    """The passes that nobody has used yet."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._until_s: dict[str, float] = {}

    def new(self) -> str | None:
        """A new pass; ``None`` where too many are waiting to be used."""
        now_s = self._now_s()
        self._until_s = {k: until_s for k, until_s in self._until_s.items() if until_s > now_s}
        if len(self._until_s) >= MOST:
            return None
        ticket = secrets.token_urlsafe(32)
        self._until_s[ticket] = now_s + LASTS_S
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether ``ticket`` lets somebody in; it never does again."""
        return self._until_s.pop(ticket, 0.0) > self._now_s()
