"""Who we are to the exchange: a key that signs every request and never shows.

What is signed is the time in milliseconds, the method and the path from the host's root, without
its query; RSA keys sign by PSS with SHA-256, Ed25519 keys as they are.
"""

import base64
from collections.abc import Generator
from datetime import datetime, timedelta

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.fields import unix_ms
from kalshi_edge.data.kalshi.private_key import PrivateKey, parse_key
from kalshi_edge.data.kalshi.transport import NOTICEABLE, clock_lead


def signature(key: PrivateKey, at: datetime, method: str, path: str) -> str:
    """The signature of one request in base64; ``path`` from the host's root."""
    text = f"{unix_ms(at)}{method.upper()}{path.partition('?')[0]}".encode()
    if isinstance(key, Ed25519PrivateKey):
        signed = key.sign(text)
    else:
        salted = PSS(mgf=MGF1(hashes.SHA256()), salt_length=PSS.DIGEST_LENGTH)
        signed = key.sign(text, salted, hashes.SHA256())
    return base64.b64encode(signed).decode()


class ApiKey(httpx.Auth):
    """A key that signs by a clock: requests of an ``httpx`` client, and a WebSocket's upgrade.

    The clock is the machine's, which is the one that the exchange compares its own with. Where the
    two are seen to differ, it is the exchange's time that is signed: a clock that is an hour off
    must not keep anybody from cancelling an order.
    """

    def __init__(self, key_id: str, private: PrivateKey, clock: Clock) -> None:
        self.clock = clock
        self.lead = timedelta()
        """How far the clock was ahead of the exchange's at the last answer, where that is seen."""
        self._key_id = key_id
        self._private = private

    def headers(self, method: str, path: str) -> dict[str, str]:
        """The three headers of a request made now."""
        at = self.clock.now() - self.lead
        return {
            "KALSHI-ACCESS-KEY": self._key_id,
            "KALSHI-ACCESS-TIMESTAMP": str(unix_ms(at)),
            "KALSHI-ACCESS-SIGNATURE": signature(self._private, at, method, path),
        }

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request as it goes over the wire; one that is sent again is signed again.

        One that is refused for its signature, by a clock that is seen to differ only now, is signed
        and sent once more: the refusal is definite, nothing was taken.
        """
        path = request.url.raw_path.decode("ascii")
        for _ in range(2):
            request.headers.update(self.headers(request.method, path))
            sent_at, before = self.clock.now(), self.lead
            response = yield request
            self._compare(response.headers.get("Date", ""), sent_at)
            is_refused = response.status_code == httpx.codes.UNAUTHORIZED
            if not is_refused or abs(self.lead - before) < NOTICEABLE:
                return

    def _compare(self, date: str, sent_at: datetime) -> None:
        received_at = self.clock.now()
        lead = clock_lead(date, sent_at, received_at)
        # An answer that took long, or in whose time the clock was set, says little of the clocks.
        if lead is not None and timedelta() <= received_at - sent_at <= NOTICEABLE:
            self.lead = lead if abs(lead) >= NOTICEABLE else timedelta()


def parse_api_key(key_id: str, pem: str, clock: Clock) -> ApiKey:
    """The key of two settings; ``SettingError`` says which is missing or wrong."""
    return ApiKey(*parse_key(key_id, pem), clock)
