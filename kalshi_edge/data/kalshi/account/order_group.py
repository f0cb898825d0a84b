"""The group that every entry joins: the exchange's own brake, for the day that we run wild.

Theory. More than a limit of contracts of the group traded within 15 seconds *triggers* it: its
orders are cancelled and new ones refused until it is reset. Orders that only reduce never join it.
The exchange does not answer whether a group is triggered, so that is known from its stream and from
what it refuses. Who trades holds new risk back meanwhile and resets it by a rule (``runtime``). A
restart takes the same group up again: a brake that lets go when the process dies is none.
"""

from collections.abc import Awaitable, Callable

import httpx

from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.transport import ErrorBody
from kalshi_edge.errors import OrderObjection


async def kept_nowhere(_: str) -> None:
    """What remembers a group's name where nothing does."""


class OrderGroup:
    """One group, opened when it is first needed."""

    def __init__(
        self,
        account: AccountClient,
        limit: int,
        *,
        name: str = "",
        keep: Callable[[str], Awaitable[object]] = kept_nowhere,
    ) -> None:
        """``limit`` is in contracts; ``name`` is that of an earlier life, ``keep`` remembers it."""
        self.limit = limit
        self.name = name
        self.is_triggered = False
        self._account = account
        self._keep = keep

    async def take_up(self) -> None:
        """Go on with the group of an earlier life, under today's limit.

        Raises ``RequestRefused`` for a definite no, and as ``SignedRest.send`` does.
        """
        if self.name and not await self._account.limit_group(self.name, self.limit):
            self.name = ""

    async def joined(self) -> str:
        """The name that an entry carries.

        Raises ``OrderObjection`` while the group is triggered, and as ``take_up`` does.
        """
        if self.is_triggered:
            raise OrderObjection("the order group is triggered: too many contracts in 15 s")
        if not self.name:
            self.name = await self._account.open_group(self.limit)
            await self._keep(self.name)
        return self.name

    def changed(self, kind: str, name: str) -> None:
        """Take in the stream's word about a group of the account."""
        if name != self.name:
            return
        if kind == "triggered":
            self.is_triggered = True
        elif kind == "reset":
            self.is_triggered = False
        elif kind == "deleted":
            self.name, self.is_triggered = "", False

    def refused(self, refusal: ErrorBody) -> None:
        """Take in why an order of the group was refused, where it is the group's doing."""
        if "group" not in str(refusal).lower():
            return
        if refusal.status == httpx.codes.NOT_FOUND:
            self.name = ""
        else:
            self.is_triggered = True

    async def reset(self) -> None:
        """Let it trade again. Raises ``RequestRefused``, and as ``SignedRest.send`` does."""
        if self.name and not await self._account.reset_group(self.name):
            self.name = ""
        self.is_triggered = False
