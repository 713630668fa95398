"""Serving the application: the socket, and connections that must go on."""

import errno
import ipaddress
import logging
import socket

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from fast_style.errors import InvalidValue

_TICK = 1.0  # seconds
_GRACE = 5  # seconds for what is being painted when the server ends
_BACKLOG = 128


def listen(host, port):
    """A socket that listens.

    Args:
        host: str, name or address of an interface of this machine.
        port: int, 0 for any that is free.

    Returns:
        `socket.socket`.

    Raises:
        ValueError: the port is taken or not allowed, or the host is not of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise InvalidValue(f"--host={host}: no such name or address ({error.strerror})") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InvalidValue(
                f"port {port} of {host} is taken by another program; --port names another one"
            ) from error
        raise InvalidValue(f"port {port} of {host}: {error.strerror}") from error


def address_of(listener):
    """The address of a listening socket for a browser on this machine, such as
    "http://127.0.0.1:8000"."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        return f"http://localhost:{port}"
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def make_server(app, limits):
    """A server, whose method `run` takes a list of sockets that listen.

    It serves until Ctrl-C or SIGTERM; what is being painted then has some seconds to end.

    Args:
        app: ASGI application.
        limits: `fast_style.web.limits.Limits`.

    Returns:
        `uvicorn.Server`.
    """

    class Protocol(_Impatient):
        idle_seconds = limits.idle_seconds

    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return uvicorn.Server(config)


class _Impatient(H11Protocol):
    """A connection that is closed when neither side gets on.

    uvicorn waits for ever for the rest of a request's head, and for an answer to be read.
    """

    idle_seconds = 15.0

    def connection_made(self, transport):
        super().connection_made(transport)
        self._since = self.loop.time()
        self._unread = 0
        self._watch = self.loop.call_later(_TICK, self._check)

    def connection_lost(self, exc):
        self._watch.cancel()
        super().connection_lost(exc)

    def on_response_complete(self):
        self._since = self.loop.time()
        super().on_response_complete()

    def _check(self):
        unread = self.transport.get_write_buffer_size()
        working = self.cycle is not None and not self.cycle.response_complete
        if (working and not self.flow.write_paused) or unread < self._unread:
            self._since = self.loop.time()
        self._unread = unread
        waits = unread or self.timeout_keep_alive_task is None  # else uvicorn closes it
        if waits and self.loop.time() - self._since > self.idle_seconds:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(_TICK, self._check)
