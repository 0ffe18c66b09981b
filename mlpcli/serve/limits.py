"""What one request may ask for, and the errors that are sent back as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """mib: of a request's body. rows: that it asks about, pictures included. megapixels: of a picture.

    seconds: to send a body, and again to answer it. requests: that are answered at the same time.
    """

    mib: int = 16
    rows: int = 10_000
    megapixels: int = 50
    seconds: float = 30.0
    requests: int = 64

    @property
    def bytes(self) -> int:
        """The most bytes of a body."""
        return self.mib * MIB


class RequestError(Exception):
    """A request that is not answered. status: of HTTP; message: what is wrong, and what to do."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


CLOSE = {"Connection": "close"}
"""Of an answer before which the body was not read to its end."""


def too_many_rows(limits: Limits) -> RequestError:
    """413: the rows of a request are more than allowed."""
    return RequestError(
        413,
        f"a request may hold {limits.rows:,} rows at most; send fewer at a time, or start mlpcli serve --max-rows N",
    )


def too_large(limits: Limits) -> RequestError:
    """413: the body of a request is larger than allowed."""
    return RequestError(
        413,
        f"a request may have {limits.mib:,} MiB at most; send less at a time, or start mlpcli serve --max-mib N",
        CLOSE,
    )


def too_slow(limits: Limits) -> RequestError:
    """503: the answer takes too long."""
    return RequestError(
        503, f"the answer takes more than {limits.seconds:g} s; send less at a time, or start mlpcli serve"
        " --max-seconds N",
    )  # fmt: skip


def busy(limits: Limits) -> RequestError:
    """503: as many requests as allowed are being answered."""
    return RequestError(503, f"{limits.requests:,} requests are being answered; try again", {"Retry-After": "1"})
