"""What every test may ask for: the real specimens, and calm hypothesis settings."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.dynamodb_local import DynamoMissing, dynamodb_local, must_be_here
from tests.support.patient_time import PatientLoop

SHARED = Path(__file__).resolve().parents[2] / "shared"

settings.register_profile("usual", deadline=None, max_examples=100)
settings.register_profile(
    "thorough", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop of an asynchronous test, by its marker."""
    if item.get_closest_marker("patient_time"):
        return {"patient": PatientLoop}
    return {"usual": asyncio.new_event_loop}


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
