"""What the engine remembers since its process started, to look after orders and the account.

None of it is stored: ``Started`` clears it, in a running process and in a replay alike.
"""

from collections.abc import Hashable
from datetime import datetime, timedelta

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.verdicts import Check

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=1)
KEEP_ERRORS = 100


class SupervisorState:
    """Asked when, agreed when, gone wrong when."""

    def __init__(self) -> None:
        self.is_new = False
        """Whether a process has begun and not looked at all books yet: what is held may have marks
        from before it ended, and what was bought meanwhile more of them than of today's."""
        self.clean_at: datetime | None = None
        """Up to when the exchange's books and ours are known to agree, by our clock."""
        self.clean_as_of: datetime | None = None
        """The same by the exchange's clock."""
        self.active_at: datetime | None = None
        """When something last happened to our orders or our money."""
        self.suspects: tuple[Check, ...] = ()
        """What the last statement had otherwise than we, not confirmed yet or standing."""
        self.suspected_at: datetime | None = None
        """As of when these were first stated."""
        self.statement: AccountStatement | None = None
        """The newest that differs; none once one agreed."""
        self.doubts = 0
        """How many statements had something otherwise."""
        self.errors: list[datetime] = []
        self.fills: dict[str, tuple[Fill, ...]] = {}
        """By order, to hold their fees against ours."""
        self.strangers: set[str] = set()
        """Orders placed elsewhere and over before we heard of them: told once."""
        self.told: set[str] = set()
        """Orders whose fate has been open for so long that a person was told."""
        self._asked: dict[Hashable, tuple[datetime, timedelta]] = {}

    def is_due(self, what: Hashable, at: datetime) -> bool:
        """Whether ``what`` may be asked for (again) at ``at``.

        ``at`` is the machine's time, and may have been set: an instant before the last one means
        that nobody knows how long ago that was, so the wait is over.
        """
        asked_at, wait = self._asked.get(what, (at, timedelta()))
        return not asked_at <= at < asked_at + wait

    def take_turn(self, what: Hashable, at: datetime) -> bool:
        """Whether ``what`` may be asked for at ``at``; if so, it now was."""
        if not self.is_due(what, at):
            return False
        self.asked(what, at)
        return True

    def asked(self, what: Hashable, at: datetime) -> None:
        """Note that ``what`` was asked for; the next time waits twice as long."""
        known = self._asked.get(what)
        wait = FIRST_WAIT if known is None else min(known[1] * 2, LONGEST_WAIT)
        self._asked[what] = at, wait

    def erred(self, at: datetime) -> None:
        """Note that an order went wrong."""
        self.errors = [*self.errors[-KEEP_ERRORS:], at]
