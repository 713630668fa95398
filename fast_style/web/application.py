"""The page and the HTTP interface as an ASGI application."""

import contextlib
import logging
import mimetypes
import time
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from fast_style.networks.architecture import STYLE, SUPER_RESOLUTION
from fast_style.painting.paint_options import STYLE_SCALES
from fast_style.web import openapi, options
from fast_style.web.limits import ClientGone, Refusal
from fast_style.web.page_styles import PAGE, describe, find_paintings
from fast_style.web.protection import Guard
from fast_style.web.turns import Turns
from fast_style.web.uploads import Uploads

_LOG = logging.getLogger(__name__)
_GONE = 499  # nobody reads it; as other servers call it in their logs
# As the page needs them; a system's own table may have other ones.
for _suffix, _type in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
    mimetypes.add_type(_type, _suffix)


def make_app(networks, painter, limits, paintings=None, sample=None, hosts=(), origins=()):
    """The application.

    Args:
        networks: `fast_style.web.networks.Networks`.
        painter: `fast_style.web.painter.Painter`.
        limits: `fast_style.web.limits.Limits`.
        paintings: folder of small paintings, each named as its style; or None.
        sample: path of a photograph to try with (JPEG), or None.
        hosts: names under which the server may be asked, besides addresses and localhost.
        origins: origins whose pages may ask, such as "https://example.org".

    Returns:
        ASGI application.
    """
    server = _Server(networks, painter, limits, paintings, sample)

    @contextlib.asynccontextmanager
    async def lifespan(_):
        yield
        server.turns.close()

    middleware = []
    if origins:
        allowed = {"allow_origins": list(origins), "allow_methods": ["GET", "POST"]}
        exposed = ["Notes", "Retry-After", "Server-Timing"]
        middleware.append(
            Middleware(CORSMiddleware, **allowed, allow_headers=["*"], expose_headers=exposed)
        )
    app = Starlette(
        routes=[
            Mount(
                "/api",
                routes=[
                    Route("/paint", server.paint, methods=["POST"]),
                    Route("/enlarge", server.enlarge, methods=["POST"]),
                    Route("/styles", server.styles),
                    Route("/thumbnails/{name}", server.thumbnail),
                    Route("/sample", server.sample),
                    Route("/openapi.json", server.openapi),
                ],
            ),
            Route("/health", server.health),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ],
        middleware=middleware,
        exception_handlers={
            Refusal: _refused,
            ClientGone: _gone,
            HTTPException: _http_error,
            Exception: _fault,
        },
        lifespan=lifespan,
    )
    return Guard(app, hosts, origins)  # outside of what answers faults


class _Server:
    def __init__(self, networks, painter, limits, paintings, sample):
        self.networks = networks
        self.painter = painter
        self.limits = limits
        self.turns = Turns(limits.queue, limits.seconds)
        self._uploads = Uploads(limits)
        self._sample = sample
        # By name: only what was found there is ever read for a thumbnail.
        self._paintings = find_paintings(paintings)

    async def paint(self, request):
        async with self._uploads.read(request) as upload:
            asked = _options(options.PAINT, request, upload)
            painting = options.paint_options(asked)
            network = self.networks.find(STYLE, asked["network"])
            style = self.networks.check_style(network, asked["style"])
            await run_in_threadpool(self.painter.check_size, upload.data, painting)
            return await self._answer(
                request,
                lambda stop: self.painter.paint(network, upload.data, style, painting, asked, stop),
            )

    async def enlarge(self, request):
        async with self._uploads.read(request) as upload:
            asked = _options(options.ENLARGE, request, upload)
            network = self.networks.find(SUPER_RESOLUTION, asked["network"])
            await run_in_threadpool(self.painter.check_size, upload.data, factor=network.factor)
            return await self._answer(
                request, lambda stop: self.painter.enlarge(network, upload.data, asked, stop)
            )

    async def _answer(self, request, work):
        def timed(stop):
            started = time.perf_counter()
            return work(stop), time.perf_counter() - started

        answer, seconds = await self.turns.run(timed, lambda: _until_gone(request))
        headers = {
            "Cache-Control": "no-store",
            "Server-Timing": f"turn;dur={1000 * seconds:.0f}",
        }
        if answer.notes:
            headers["Notes"] = quote("; ".join(answer.notes), safe=" ,;:'()")
        return Response(answer.data, media_type=answer.media_type, headers=headers)

    async def styles(self, _):
        described = [
            {
                "name": network.name,
                "task": network.task,
                "factor": network.factor,
                "styles": [self._style(name) for name in network.styles],
            }
            for network in self.networks.all
        ]
        limits = {
            "upload_bytes": self.limits.upload_bytes,
            "upload_pixels": self.limits.upload_pixels,
            "result_pixels": self.limits.result_pixels,
            "style_scale": STYLE_SCALES,
            "formats": list(options.FORMATS),
        }
        return JSONResponse({"networks": described, "limits": limits})

    def _style(self, name):
        style = describe(name, self._paintings)
        return {key: style[key] for key in ("name", "title", "thumbnail")}

    async def thumbnail(self, request):
        path = self._paintings.get(request.path_params["name"])
        return _file(path, "No painting of this name.")

    async def sample(self, _):
        return _file(self._sample, "No photograph to try with.")

    async def openapi(self, _):
        return JSONResponse(openapi.describe(self.limits))

    async def health(self, _):
        return JSONResponse({"status": "ok", "inside": self.turns.inside})


def _file(path, missing):
    if path is None:
        raise Refusal(404, missing)
    return FileResponse(path, headers={"Cache-Control": "max-age=3600"})


def _options(table, request, upload):
    pairs = [*request.query_params.multi_items(), *upload.fields]
    return options.parse(table, pairs)


async def _until_gone(request):
    """Ends when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _refused(_, error):
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.close:
        headers["Connection"] = "close"
    return JSONResponse({"error": error.message}, error.status, headers)


async def _gone(*_):
    return Response(status_code=_GONE)


async def _http_error(_, error):
    return JSONResponse({"error": f"{error.detail}."}, error.status_code, error.headers)


async def _fault(*_):
    """A bug; Starlette hands it on to the server, which logs its traceback."""
    return JSONResponse({"error": "A fault of the server; its log says more."}, 500)
