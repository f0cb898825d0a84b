"""What every test may ask for: the real specimens, and calm hypothesis settings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.dynamodb_local import DynamoMissing, dynamodb_local, must_be_here

SHARED = Path(__file__).resolve().parents[2] / "shared"

settings.register_profile("usual", deadline=None, max_examples=100)
settings.register_profile(
    "thorough", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real specimens; the test says so and stands aside where there is none."""
    if not SHARED.is_dir():
        pytest.skip("needs the real specimens in ../shared, which are not here")
    return SHARED


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[str]:
    """The address of a DynamoDB that is AWS's own engine; in CI a missing one is a failure."""
    try:
        with dynamodb_local() as endpoint:
            yield endpoint
    except DynamoMissing as missing:
        if must_be_here():
            pytest.fail(str(missing))
        pytest.skip(str(missing))
