"""One server for the tests of this folder that change nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serve.serving import asking, serving, write_numbers, write_passengers, write_pictures


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The model files made by hand, by name."""
    folder = tmp_path_factory.mktemp("served")
    return {
        "passengers": write_passengers(folder / "passengers.keras"),
        "숫자": write_pictures(folder / "숫자.keras"),
        "sums": write_numbers(folder / "sums.keras"),
    }


@pytest.fixture(scope="session")
def server(model_files: dict[str, Path]) -> Iterator[str]:
    """The address of a server for all of them."""
    with serving(list(model_files.values())) as address:
        yield address


@pytest.fixture(scope="session")
def client(server: str) -> Iterator[httpx.Client]:
    """Asks that server."""
    with asking(server) as found:
        yield found
