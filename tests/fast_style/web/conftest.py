"""Networks and servers for the tests of the page and its interface."""

import io
import shutil
import threading
import time

import pytest
from PIL import Image

from tests.checks import make_painter, randomize

pytest.importorskip("starlette", reason="needs the extra web")
pytest.importorskip("uvicorn", reason="needs the extra web")

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
STYLES = ("wave", "the_scream", "mondrian")


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """Checkpoint prefix of a tiny network of one style, starry_night.jpg."""
    from fast_style.checkpoints import store

    prefix = tmp_path_factory.mktemp("plain") / "plain"
    store.save_network(make_painter(), prefix, {"style": {"name": "starry_night.jpg"}})
    return prefix


@pytest.fixture(scope="session")
def gallery(tmp_path_factory):
    """Checkpoint prefix of a tiny network of the styles in `STYLES`."""
    from fast_style.checkpoints import store
    from fast_style.networks.transform_net import TransformNet

    network = TransformNet(width=4, residual_blocks=1, styles=len(STYLES))
    network.build()
    randomize(network, scale=0.2)
    prefix = tmp_path_factory.mktemp("gallery") / "gallery"
    store.save_network(network, prefix, {"styles": [{"name": name} for name in STYLES]})
    return prefix


@pytest.fixture
def jpeg(photo):
    """Makes a JPEG's bytes of noise of a size."""

    def make(height=24, width=32, **options):
        stream = io.BytesIO()
        Image.fromarray(photo(height, width)).save(stream, "JPEG", **options)
        return stream.getvalue()

    return make


@pytest.fixture
def make_app(gallery, plain):
    """Makes the application for both networks; `limits` are those of `Limits`."""
    from fast_style.web import Limits, Networks, Painter
    from fast_style.web import make_app as make

    def made(prefixes=(gallery, plain), hosts=(), origins=(), paintings=None, **limits):
        limits = Limits(**limits)
        networks = Networks("openvino")
        for prefix in prefixes:
            networks.add(prefix)
        return make(networks, Painter(limits), limits, paintings, hosts=hosts, origins=origins)

    return made


@pytest.fixture
def client(make_app):
    """Makes a client of such an application, under an address that it knows."""
    from starlette.testclient import TestClient

    def made(base_url="http://127.0.0.1:8000", **options):
        return TestClient(make_app(**options), base_url, raise_server_exceptions=False)

    return made


@pytest.fixture
def running(make_app):
    """Starts a real server with the application in a thread; returns (host, port)."""
    from fast_style.web import Limits, server

    started = []

    def start(**options):
        listener = server.listen("127.0.0.1", 0)
        limits = {name: value for name, value in options.items() if name in Limits.__annotations__}
        one = server.make_server(make_app(**options), Limits(**limits))
        thread = threading.Thread(target=one.run, args=([listener],))
        thread.start()
        started.append((one, thread, listener))
        while not one.started:
            time.sleep(0.01)
        return listener.getsockname()[:2]

    yield start
    for one, thread, listener in started:
        one.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def launch():
    """Starts the system's Chromium with some arguments."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("needs Chromium (Debian's package chromium)")
    with playwright.sync_playwright() as driver:
        started = []

        def start(*arguments):
            started.append(driver.chromium.launch(executable_path=found, args=arguments))
            return started[-1]

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="module")
def browser(launch):
    """Chromium with a camera that is made up, and without a GPU."""
    return launch(*CHROMIUM_FLAGS)
