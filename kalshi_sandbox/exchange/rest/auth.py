"""Who signed a request: key, clock and signature, as the exchange checks them.

The signed text is the millisecond timestamp, the method and the path from the host's root, without
query and body. RSA keys sign with PSS (SHA-256, salt of 32 bytes), Ed25519 keys as they are.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from kalshi_edge.errors import InputError
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.errors import Refusal

KEY_HEADER = "kalshi-access-key"
TIMESTAMP_HEADER = "kalshi-access-timestamp"
SIGNATURE_HEADER = "kalshi-access-signature"

SKEW = timedelta(seconds=5)
"""How far a client's clock may be off: accepted on the demo exchange, while 30 s was not."""

SCOPES = ("read", "write")

_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key, whose it is and what it may do."""

    key_id: str
    account: Account
    public_key: RSAPublicKey | Ed25519PublicKey
    scopes: tuple[str, ...] = SCOPES


class KeyRing:
    """All keys the exchange knows."""

    def __init__(self) -> None:
        self.skew = SKEW
        self._credentials: dict[str, Credential] = {}

    def add(
        self, key_id: str, account: Account, pem: bytes, scopes: tuple[str, ...] = SCOPES
    ) -> Credential:
        """Know a public key by ``key_id``. Raises ``InputError`` for a PEM that is no such key."""
        credential = Credential(key_id, account, parse_public_key(pem), scopes)
        self._credentials[key_id] = credential
        return credential

    def signer(
        self, headers: Mapping[str, str], method: str, path: str, clocks: tuple[datetime, ...]
    ) -> Credential:
        """Whose signature a request bears. Raises ``Refusal`` 401.

        The timestamp must agree with one of ``clocks``: the machine's, or the world's.
        """
        key_id, stamp = headers.get(KEY_HEADER), headers.get(TIMESTAMP_HEADER)
        signature = headers.get(SIGNATURE_HEADER)
        if not key_id or not stamp or not signature:
            raise _unauthorized("missing API key headers")
        credential = self._credentials.get(key_id)
        if credential is None:
            raise _unauthorized("API key not found")
        self._check_clock(stamp, clocks)
        message = f"{stamp}{method.upper()}{path}".encode()
        if not _verifies(credential.public_key, signature, message):
            raise _unauthorized("INCORRECT_API_KEY_SIGNATURE")
        return credential

    def _check_clock(self, stamp: str, clocks: tuple[datetime, ...]) -> None:
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
            raise _unauthorized(f"timestamp {stamp[:20]!r} is not in milliseconds")
        off = min(abs(int(stamp) / 1000 - clock.timestamp()) for clock in clocks)
        if off > self.skew.total_seconds():
            raise _unauthorized(f"timestamp is {off:.1f} s off")


def parse_public_key(pem: bytes) -> RSAPublicKey | Ed25519PublicKey:
    """An RSA (2048 bits or more) or Ed25519 public key; ``InputError`` for anything else."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"no public key in PEM: {error}") from None
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, RSAPublicKey):
        if key.key_size < 2048:
            raise InputError(f"an RSA key of {key.key_size} bits, at least 2048 are needed")
        return key
    raise InputError(f"a {type(key).__name__}, neither RSA nor Ed25519")


def _verifies(key: RSAPublicKey | Ed25519PublicKey, signature: str, message: bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(key, Ed25519PublicKey):
            key.verify(raw, message)
        else:
            key.verify(raw, message, _PSS, hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _unauthorized(details: str) -> Refusal:
    return Refusal(401, "authentication_error", details)
