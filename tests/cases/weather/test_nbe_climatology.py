"""An NBE block of version 4.1, whose last columns are climatology rather than forecast.

They follow the hours without a separator. The block is read, and no day comes of them.
"""

from datetime import UTC, date, datetime

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
