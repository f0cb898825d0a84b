"""File descriptors: how many this process may open, and how many are the trader's own."""

from kalshi_edge.api.connections import Capacity

WANTED = 4096
RESERVE = 192
"""For the store, the exchange, the weather offices, the control socket and one burst of accepts."""
BURST = 64
"""So many connections are accepted at once at most."""
FEWEST = 8


def capacity_of(descriptors: int) -> Capacity:
    """How many connections a process with so many descriptors may have open.

    >>> capacity_of(4096)
    Capacity(strangers=256, known=1024)
    >>> capacity_of(256)
    Capacity(strangers=16, known=48)
    """
    left = descriptors - RESERVE
    usual = Capacity()
    strangers = max(min(usual.strangers, left // 4), FEWEST)
    return Capacity(strangers, max(min(usual.known, left - strangers), FEWEST))


def raised_limit() -> int:
    """How many descriptors this process may open, after its limit was raised as far as wanted."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ModuleNotFoundError:
        return WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= WANTED:
        return WANTED
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        return soft
    return most
