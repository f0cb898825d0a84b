"""Faults that wait: what they match, how often they strike, and that chance repeats."""

from kalshi_sandbox.exchange.control.faults import Fault, FaultKind, Faults

LATENCY, GAP = FaultKind.LATENCY, FaultKind.STREAM_GAP


def test_a_fault_waits_for_its_method_and_path() -> None:
    faults = Faults()
    faults.add(Fault(LATENCY, method="POST", path="/portfolio"))
    assert faults.request("GET", "/portfolio/orders") == {}
    assert faults.request("POST", "/markets") == {}
    assert set(faults.request("POST", "/portfolio/events/orders")) == {LATENCY}
    assert faults.waiting() == ()


def test_a_fault_of_the_stream_waits_for_its_channel_and_market() -> None:
    faults = Faults()
    faults.add(Fault(GAP, channel="trade", ticker="A"))
    assert faults.frame("trade", "B") == {}
    assert faults.frame("orderbook_delta", "A") == {}
    assert faults.request("GET", "/") == {}
    assert set(faults.frame("trade", "A")) == {GAP}


def test_without_a_number_of_times_it_strikes_until_it_is_lifted() -> None:
    faults = Faults()
    first = faults.add(Fault(LATENCY, times=None))
    second = faults.add(Fault(FaultKind.HANG, times=2))
    for strikes in (2, 2, 1):
        assert len(faults.request("GET", "/")) == strikes
    assert (first.struck, second.struck) == (3, 2)
    assert faults.lift(first.fault_id) == 1
    assert faults.request("GET", "/") == {}


def test_two_faults_of_one_kind_strike_one_after_the_other() -> None:
    faults = Faults()
    for status in (500, 503):
        faults.add(Fault(FaultKind.REFUSE, status=status))
    found = [faults.request("GET", "/")[FaultKind.REFUSE].status for _ in range(2)]
    assert found == [500, 503]


def test_a_chance_is_a_chance_and_repeats_with_its_seed() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(LATENCY, times=None, chance=0.3))
        return [bool(faults.request("GET", "/")) for _ in range(400)]

    assert struck(1) == struck(1) != struck(2)
    assert 80 < sum(struck(1)) < 160
