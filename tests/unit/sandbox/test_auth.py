"""Signatures as the exchange checks them: what is accepted, and every way to get it wrong."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from kalshi_edge.errors import InputError
from kalshi_sandbox.exchange.rest.auth import KeyRing, parse_public_key
from kalshi_sandbox.exchange.venue.errors import Refusal
from tests.support.sandbox_builders import OPEN_AT, Key, exchange, member, signed_headers

PATH = "/trade-api/v2/portfolio/balance"


class Door:
    """A key ring that knows one key, and a request that is right but for what a test changes."""

    def __init__(self, kind: str = "rsa") -> None:
        self.key, self.ring = Key(kind), KeyRing()
        self.account = member(exchange())
        self.ring.add("key-1", self.account, self.key.public_pem)

    def enter(self, headers=None, *, method="GET", path=PATH, clocks=(OPEN_AT,), **changes):
        headers = headers or signed_headers(self.key, "key-1", OPEN_AT, "GET", PATH)
        lower = {name.lower(): value for name, value in (headers | changes).items()}
        return self.ring.signer(lower, method, path, clocks)


def refused(enter) -> str:
    with pytest.raises(Refusal) as no:
        enter()
    assert no.value.status == 401
    return no.value.details


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_both_kinds_of_key_are_recognised(kind) -> None:
    door = Door(kind)
    assert door.enter().account is door.account


def test_the_salt_must_be_as_long_as_the_digest() -> None:
    door = Door()
    stamp = str(int(OPEN_AT.timestamp() * 1000))
    longest = door.key.sign(f"{stamp}GET{PATH}", salt=padding.PSS.MAX_LENGTH)
    wrong = {"KALSHI-ACCESS-SIGNATURE": longest}
    assert refused(lambda: door.enter(**wrong)) == "INCORRECT_API_KEY_SIGNATURE"


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/portfolio/balance"},
        {"path": f"{PATH}?subaccount=0"},
        {"method": "POST"},
    ],
)
def test_method_and_whole_path_are_signed(other) -> None:
    assert refused(lambda: Door().enter(**other)) == "INCORRECT_API_KEY_SIGNATURE"


@pytest.mark.parametrize(("off_s", "accepted"), [(5, True), (-5, True), (6, False), (-30, False)])
def test_a_clock_may_be_five_seconds_off(off_s, accepted) -> None:
    door, clocks = Door(), (OPEN_AT + timedelta(seconds=off_s),)
    if accepted:
        assert door.enter(clocks=clocks)
    else:
        assert "off" in refused(lambda: door.enter(clocks=clocks))


def test_world_time_serves_as_well_as_the_machines() -> None:
    assert Door().enter(clocks=(OPEN_AT + timedelta(days=300), OPEN_AT))


def test_a_timestamp_in_seconds_is_refused() -> None:
    door = Door()
    stamp = str(int(OPEN_AT.timestamp()))
    headers = {
        "KALSHI-ACCESS-KEY": "key-1",
        "KALSHI-ACCESS-TIMESTAMP": stamp,
        "KALSHI-ACCESS-SIGNATURE": door.key.sign(f"{stamp}GET{PATH}"),
    }
    assert "off" in refused(lambda: door.enter(headers))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("KALSHI-ACCESS-KEY", "key-2"),
        ("KALSHI-ACCESS-KEY", ""),
        ("KALSHI-ACCESS-TIMESTAMP", ""),
        ("KALSHI-ACCESS-TIMESTAMP", "now"),
        ("KALSHI-ACCESS-TIMESTAMP", "9" * 400),
        ("KALSHI-ACCESS-TIMESTAMP", "-5"),
        ("KALSHI-ACCESS-SIGNATURE", ""),
        ("KALSHI-ACCESS-SIGNATURE", "not base64!"),
        ("KALSHI-ACCESS-SIGNATURE", "AAAA"),
    ],
)
def test_headers_that_are_missing_or_wrong_are_refused(header, value) -> None:
    assert refused(lambda: Door().enter(**{header: value}))


def test_somebody_elses_key_does_not_sign_for_us() -> None:
    headers = signed_headers(Key("ed25519"), "key-1", OPEN_AT, "GET", PATH)
    assert refused(lambda: Door().enter(headers)) == "INCORRECT_API_KEY_SIGNATURE"


def pem_of(private) -> bytes:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, kind)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (b"-----BEGIN NONSENSE-----", "no public key"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
        (pem_of(rsa.generate_private_key(65537, 1024)), "1024 bits"),  # noqa: S505 - too short
    ],
)
def test_other_keys_are_not_taken(pem, reason) -> None:
    with pytest.raises(InputError, match=reason):
        parse_public_key(pem)
