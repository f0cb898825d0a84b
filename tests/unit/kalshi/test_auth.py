"""Keys and signatures: what is signed verifies, and nothing secret is ever shown."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.auth import ApiKey, parse_api_key, signature
from kalshi_edge.data.kalshi.private_key import parse_private_key
from kalshi_edge.errors import SettingError

NOW = datetime(2026, 11, 22, 16, 0, 0, 123_999, tzinfo=UTC)
NOW_MS = "1795363200123"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
PKCS1, PKCS8 = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8


def pem(key, form=PKCS8, lock=None) -> str:
    return key.private_bytes(Encoding.PEM, form, lock or NoEncryption()).decode()


def verify(key, signed: str, message: bytes) -> None:
    """Raise ``InvalidSignature`` unless ``signed`` is ``key``'s signature of ``message``."""
    raw = base64.b64decode(signed, validate=True)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        key.public_key().verify(raw, message)
    else:
        salted = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        key.public_key().verify(raw, message, salted, hashes.SHA256())


@pytest.mark.parametrize(
    ("key", "form"), [(RSA, PKCS1), (RSA, PKCS8), (ED25519, PKCS8)], ids=["PKCS1", "PKCS8", "Ed"]
)
@pytest.mark.parametrize("spelling", ["as it is", "on one line", "quoted"])
def test_a_signature_verifies_over_time_method_and_path_without_the_query(key, form, spelling):
    text = pem(key, form)
    if spelling != "as it is":
        text = text.replace("\n", "\\n")
    if spelling == "quoted":
        text = f'"{text}"'
    signed = signature(
        parse_private_key(text), NOW, "get", "/trade-api/v2/portfolio/orders?limit=5&cursor=x"
    )
    verify(key, signed, f"{NOW_MS}GET/trade-api/v2/portfolio/orders".encode())


BAD_KEYS = {
    "empty": ("", "BEGIN"),
    "a path": ("/etc/kalshi/key.pem", "BEGIN"),
    "cut off": (pem(RSA)[:400], "cannot be read"),
    "no key in it": ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "cannot be"),
    "a public key": (
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "cannot be read",
    ),
    "locked": (pem(RSA, PKCS8, BestAvailableEncryption(b"secret")), "encrypted"),
    "an EC key": (pem(ec.generate_private_key(ec.SECP256R1())), "not RSA or Ed25519"),
    "a DSA key": (pem(dsa.generate_private_key(2048)), "not RSA or Ed25519"),
}


@pytest.mark.parametrize(("text", "why"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_is_none_is_refused_without_repeating_any_of_it(text, why):
    with pytest.raises(SettingError, match=why) as caught:
        parse_private_key(text)
    told = f"{caught.value!r} {caught.value.__cause__!r}"
    assert all(line not in told for line in text.splitlines() if len(line) > 20)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_without_an_id_is_refused():
    with pytest.raises(SettingError, match="KALSHI_KEY_ID"):
        parse_api_key("  ", pem(ED25519), ManualClock(NOW))


def test_nothing_of_a_key_is_in_its_repr():
    key = parse_api_key("a952bcbe-ec3b-4b5b-b8f9-11dae589608c", pem(ED25519), ManualClock(NOW))
    assert "a952bcbe" not in f"{key} {key!r}"
    assert "ApiKey" in repr(key)


async def test_every_request_is_signed_anew_as_it_goes_over_the_wire():
    clock = ManualClock(NOW)
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        clock.advance(timedelta(seconds=1))
        return httpx.Response(200)

    client = httpx.AsyncClient(
        base_url="https://example.org/trade-api/v2",
        auth=ApiKey("an-id", ED25519, clock),
        transport=httpx.MockTransport(answer),
    )
    async with client:
        await client.get("/portfolio/orders/a%2Fb", params={"limit": 5})
        await client.delete("/portfolio/events/orders/x")

    first, second = (request.headers for request in seen)
    assert first["KALSHI-ACCESS-KEY"] == "an-id"
    assert first["KALSHI-ACCESS-TIMESTAMP"] == NOW_MS
    assert int(second["KALSHI-ACCESS-TIMESTAMP"]) == int(NOW_MS) + 1000
    paths = (
        b"GET/trade-api/v2/portfolio/orders/a%2Fb",
        b"DELETE/trade-api/v2/portfolio/events/orders/x",
    )
    for headers, path in zip((first, second), paths, strict=True):
        message = headers["KALSHI-ACCESS-TIMESTAMP"].encode() + path
        verify(ED25519, headers["KALSHI-ACCESS-SIGNATURE"], message)


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-3)])
async def test_a_clock_that_is_off_signs_the_exchanges_time(off: timedelta) -> None:
    """An exchange that takes a timestamp within five seconds of its own time."""
    truth = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    seen: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        at = datetime.fromtimestamp(int(request.headers["KALSHI-ACCESS-TIMESTAMP"]) / 1000, UTC)
        status = 200 if abs(at - truth) < timedelta(seconds=5) else 401
        seen.append(status)
        return httpx.Response(status, headers={"Date": format_datetime(truth, usegmt=True)})

    clock = ManualClock(truth + off)
    key = ApiKey("id", ED25519, clock)
    async with httpx.AsyncClient(auth=key, transport=httpx.MockTransport(answer)) as client:
        assert (await client.delete("https://exchange/an/order")).status_code == 200
        assert (await client.get("https://exchange/books")).status_code == 200
        assert seen == [401, 200, 200]
        clock._now = truth  # set right
        assert (await client.get("https://exchange/books")).status_code == 200
    assert seen == [401, 200, 200, 401, 200]
    assert key.lead == timedelta()
