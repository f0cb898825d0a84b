"""The garbage collector, kept out of the way of orders."""

import gc


def set_aside_what_stays() -> None:
    """Have the collector look no more at what is here now: the program, and what it has read.

    It would go through all of that again and again, for tens of milliseconds at a moment when an
    order may be waiting, and find nothing. What comes later is collected as ever.
    """
    gc.collect()
    gc.freeze()
