"""The body of a request, held in memory and never on disk, within limits."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from starlette.formparsers import MultiPartException, MultiPartParser

from fast_style.web.limits import ClientGone, Refusal

_MOST_FIELDS = 30
_FIELD_BYTES = 4096
_OVERHEAD = 2**17  # bytes of a multipart body beside the photograph
_RAW = ("application/octet-stream", "binary/octet-stream")


@dataclass
class Upload:
    """What a request brought.

    Attributes:
        data: bytes of the photograph's file.
        fields: list of (name, value), the other fields of a form.
    """

    data: bytes
    fields: list = field(default_factory=list)


class Uploads:
    """Reads uploads; all of them together hold a limited number of bytes.

    Args:
        limits: `fast_style.web.limits.Limits`.
    """

    def __init__(self, limits):
        self._limits = limits
        self.held = 0
        """Bytes of all uploads that are being read or wait."""

    @contextlib.asynccontextmanager
    async def read(self, request):
        """Context with the `Upload` of a request, which counts as held until it ends.

        Args:
            request: Starlette's, with the image as its body, or a form with it as "image".

        Raises:
            Refusal: 400, no image, or not a form; 408, too slow; 413, too large; 415, neither an
                image nor a form; 429, too many are held.
            ClientGone: the client left before its upload was complete.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_form = kind == "multipart/form-data"
        if not is_form and not kind.startswith("image/") and kind not in _RAW:
            raise Refusal(
                415,
                "Send an image as it is, as image/... or application/octet-stream, "
                "or a form (multipart/form-data).",
            )
        body = _Body(self, request, self._limits, _OVERHEAD if is_form else 0)
        try:
            if is_form:
                upload = await _form(request, body.chunks(), self._limits)
            else:
                upload = Upload(b"".join([chunk async for chunk in body.chunks()]))
            self._check(upload)
            yield upload
        finally:
            self.held -= body.received

    def _check(self, upload):
        if not upload.data:
            raise Refusal(400, "The request holds no image.")
        if len(upload.data) > self._limits.upload_bytes:
            raise too_large(self._limits)


def too_large(limits):
    """The `Refusal` of a file of too many bytes."""
    return Refusal(413, f"The file is larger than {limits.upload_bytes / 2**20:,.0f} MiB.")


class _Body:
    """The chunks of a request's body."""

    def __init__(self, uploads, request, limits, overhead):
        self._uploads = uploads
        self._request = request
        self._limits = limits
        self._most = limits.upload_bytes + overhead
        self.received = 0

    async def chunks(self):
        declared = self._request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._most:
            raise too_large(self._limits)
        end = time.monotonic() + self._limits.upload_seconds
        more = True
        while more:
            message = await self._next(end)
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            self._hold(len(chunk))
            yield chunk

    async def _next(self, end):
        seconds = min(self._limits.idle_seconds, end - time.monotonic())
        try:
            return await asyncio.wait_for(self._request.receive(), max(seconds, 0))
        except (asyncio.TimeoutError, TimeoutError):  # noqa: UP041 - two classes in Python 3.10
            raise Refusal(408, "The upload was too slow.", close=True) from None

    def _hold(self, count):
        self.received += count
        self._uploads.held += count
        if self.received > self._most:
            raise too_large(self._limits)
        if self._uploads.held > self._limits.uploads * self._limits.upload_bytes:
            raise Refusal(429, "Others are sending pictures; try again soon.", 2)


async def _form(request, chunks, limits):
    parser = MultiPartParser(
        request.headers, chunks, max_files=1, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES
    )
    parser.spool_max_size = limits.upload_bytes + _OVERHEAD  # it would write larger ones to disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refusal(400, f"Not a form that can be read: {error.message}") from None
    upload = Upload(b"")
    for name, value in form.multi_items():
        if isinstance(value, str):
            upload.fields.append((name, value))
        elif name != "image":
            raise Refusal(400, f"The image must be in the field image, not in {name!r}.")
        else:
            with contextlib.closing(value.file):
                upload.data = value.file.read()
    return upload
