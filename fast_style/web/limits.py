"""What a server takes from its clients, and what it answers beyond that."""

import dataclasses
import math

from fast_style.errors import check_integer, check_positive


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of a server.

    Attributes:
        upload_bytes: int, of one photograph's file.
        upload_pixels: int, height * width of a photograph, checked before it is decoded.
        result_pixels: int, height * width of what goes through a network and of the result.
        queue: int, requests that may wait while one is painted.
        seconds: float, from the end of the upload to the answer.
        upload_seconds: float, for all of an upload.
        idle_seconds: float, in which some part of a request must come, or of an answer be taken.
        uploads: int, how many uploads of the largest size may be held at once.

    Raises:
        ValueError: a value out of range.
    """

    upload_bytes: int = 40 * 2**20
    upload_pixels: int = 100_000_000
    result_pixels: int = 16_000_000
    queue: int = 8
    seconds: float = 120.0
    upload_seconds: float = 120.0
    idle_seconds: float = 15.0
    uploads: int = 6

    def __post_init__(self):
        for name in ("upload_bytes", "upload_pixels", "result_pixels", "uploads"):
            check_integer(name, getattr(self, name), 1, 2**40)
        check_integer("queue", self.queue, 0, 1000)
        for name in ("seconds", "upload_seconds", "idle_seconds"):
            check_positive(name, getattr(self, name))


class Refusal(Exception):
    """A request that is answered with an error.

    Attributes:
        status: int, of HTTP.
        message: str, one line for a person; it names no file of the server.
        retry_after: seconds after which to try again, int; or None.
        close: whether the connection is of no use afterwards.
    """

    def __init__(self, status, message, retry_after=None, close=False):
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = None if retry_after is None else max(1, math.ceil(retry_after))
        self.close = close


class ClientGone(Exception):
    """The client closed its connection: nobody is left to answer."""
