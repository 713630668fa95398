"""Whom a server answers, and what browsers may do with its pages."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

# Nothing from elsewhere, no inline code or style, in no frame. blob: are pictures of the page.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """ASGI middleware: refuses requests that other sites sent, and adds headers to all answers.

    A page elsewhere can have its own name lead to this address, and would then be of the same
    origin (DNS rebinding). So the Host of a request must be an IP address, localhost, or a name
    that was allowed; and its Origin, if it has one, this host or one that was allowed.

    Args:
        app: ASGI application.
        names: host names that are allowed.
        origins: origins that are allowed, such as "https://example.org".
    """

    def __init__(self, app, names=(), origins=()):
        self._app = app
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}
        self._origins = set(origins)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        app = self._refusal(Headers(scope=scope)) or self._app
        await app(scope, receive, send_with_headers)

    def _refusal(self, headers):
        host = headers.get("host", "")
        if not self._knows(host):
            return _answer(400, "This server does not go by that name (--allow_host allows it).")
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins and not _is_of(origin, host):
            return _answer(403, "Pages of other sites may not ask here (--allow_origin lets them).")
        return None

    def _knows(self, host):
        try:
            name = urlsplit(f"//{host}").hostname or ""
            if name.rstrip(".") in self._names:
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _is_of(origin, host):
    return urlsplit(origin).netloc.lower() == host.lower()


def _answer(status, message):
    return JSONResponse({"error": message}, status)
