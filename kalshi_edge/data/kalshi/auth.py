"""Who we are to the exchange: a key that signs every request and never shows.

What is signed is the time in milliseconds, the method and the path from the host's root, without
its query; RSA keys sign by PSS with SHA-256, Ed25519 keys as they are.
"""

import base64
from collections.abc import Generator
from datetime import datetime

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.fields import unix_ms
from kalshi_edge.data.kalshi.private_key import PrivateKey, parse_key


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

    The clock is the machine's, which is the one that the exchange compares its own with.
    """

    def __init__(self, key_id: str, private: PrivateKey, clock: Clock) -> None:
        self.clock = clock
        self._key_id = key_id
        self._private = private

    def headers(self, method: str, path: str) -> dict[str, str]:
        """The three headers of a request made now."""
        at = self.clock.now()
        return {
            "KALSHI-ACCESS-KEY": self._key_id,
            "KALSHI-ACCESS-TIMESTAMP": str(unix_ms(at)),
            "KALSHI-ACCESS-SIGNATURE": signature(self._private, at, method, path),
        }

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request as it goes over the wire; one that is sent again is signed again."""
        path = request.url.raw_path.decode("ascii")
        request.headers.update(self.headers(request.method, path))
        yield request


def parse_api_key(key_id: str, pem: str, clock: Clock) -> ApiKey:
    """The key of two settings; ``SettingError`` says which is missing or wrong."""
    return ApiKey(*parse_key(key_id, pem), clock)
