"""What a process has once it has started is looked through no more; what comes later still is."""

import gc
from weakref import ref

from kalshi_edge.runtime.collector import set_aside_what_stays


class Ring:
    """Refers to itself: only the collector can let go of it."""

    def __init__(self) -> None:
        self.itself = self


def test_only_what_comes_later_is_collected() -> None:
    frozen_before = gc.get_freeze_count()
    stays, stale = Ring(), ref(Ring())
    try:
        set_aside_what_stays()
        assert stale() is None
        assert gc.get_freeze_count() > frozen_before + 1000
        assert not any(one is stays for one in gc.get_objects())
        later = ref(Ring())
        gc.collect()
        assert later() is None
    finally:
        gc.unfreeze()
