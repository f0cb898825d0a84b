"""The key that signs, read from settings; apart from its uses, so that a wrong one shows soon."""

from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kalshi_edge.errors import SettingError

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey


def read_pem(pem: str, path: Path | None) -> str:
    """The text of the private key, wherever it is kept.

    Raises ``SettingError``, which repeats nothing of it.
    """
    if pem:
        return pem
    if path is None:
        raise SettingError(
            "KALSHI_PRIVATE_KEY_PEM is missing, and so is KALSHI_PRIVATE_KEY_PATH:"
            " make a key in the exchange's account settings"
        )
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"KALSHI_PRIVATE_KEY_PATH is {path}, which cannot be read: {type(error).__name__}"
        ) from None


def parse_private_key(pem: str) -> PrivateKey:
    r"""The private key of a PEM text: RSA (PKCS#1 or PKCS#8) or Ed25519.

    A text on one line with ``\n`` written out is accepted, as environment files have it. Raises
    ``SettingError``, which never repeats any of the text.
    """
    text = pem.replace("\\n", "\n").strip().strip("\"'")
    if "-----BEGIN" not in text:
        raise SettingError("the private key is not a PEM text: it has no BEGIN line")
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise SettingError("the private key is encrypted: give it without a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SettingError("the private key cannot be read: is the PEM text complete?") from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise SettingError(f"the private key is an {type(key).__name__}, not RSA or Ed25519")
    return key


def parse_key(key_id: str, pem: str) -> tuple[str, PrivateKey]:
    """Id and private key of two settings; ``SettingError`` says which is missing or wrong."""
    if not key_id.strip():
        raise SettingError("KALSHI_KEY_ID is missing")
    return key_id.strip(), parse_private_key(pem)
