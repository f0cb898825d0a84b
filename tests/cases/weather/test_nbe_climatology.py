"""An NBE block of version 4.1, whose last columns are climatology rather than forecast.

They follow the hours without a separator. The block is read, and no day comes of them.
"""

from datetime import UTC, date, datetime

import pytest

from kalshi_edge.data.weather.nbm.nbs import parse_nbs

BLOCK = """\
KMDW    NBM V4.1 NBE GUIDANCE    5/06/2024  0500 UTC
        TUE 07| WED 08| THU 09| FRI 10| SAT 11| SUN 12| MON 13|TUE CLIMO
UTC    00  12| 00  12| 00  12| 00  12| 00  12| 00  12| 00  12| 00
FHR    19  31| 43  55| 67  79| 91 103|115 127|139 151|163 175|187
TXN    71  58| 78  61| 74  55| 66  50| 64  49| 67  51| 70  53| 72  49 67
XND     2   2|  3   2|  2   3|  2   2|  3   2|  4   3|  4   3|  5
"""


def test_a_block_with_climatology_is_read_without_it() -> None:
    bulletin = parse_nbs(BLOCK, received_at=datetime(2024, 5, 6, 7, tzinfo=UTC))
    assert bulletin.faults == ()
    highs = (71, 78, 74, 66, 64, 67, 70, 72)
    assert {one.climate_day: one.point_f for one in bulletin.forecasts} == {
        date(2024, 5, 6 + number): high_f for number, high_f in enumerate(highs)
    }
    assert [one.sd_f for one in bulletin.forecasts] == [2, 3, 2, 2, 3, 4, 4, 5]


@pytest.mark.parametrize("normals", ["  49 67", " 105 82", " -12-20", "107 80", "999999"])
def test_whatever_the_normals_are_no_day_comes_of_them(normals: str) -> None:
    text = BLOCK.replace("  49 67", normals)
    bulletin = parse_nbs(text, received_at=datetime(2024, 5, 6, 7, tzinfo=UTC))
    assert bulletin.faults == ()
    assert len(bulletin.forecasts) == 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TXN    71", "TXN        71"),
        ("TXN    71", "TXN     71"),
        ("XND     2", "XND         2"),
        ("CLIMO", "     "),
        ("  49 67", "  4967  1"),
    ],
    ids=["a column on", "a character on", "spread a column on", "no label", "three"],
)
def test_a_row_that_is_shifted_or_cut_is_still_refused(old: str, new: str) -> None:
    text = BLOCK.replace(old, new)
    assert text != BLOCK
    bulletin = parse_nbs(text, received_at=datetime(2024, 5, 6, 7, tzinfo=UTC))
    assert bulletin.forecasts == ()
    assert len(bulletin.faults) == 1
