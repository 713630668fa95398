"""The exported page in a real browser, which paints by itself."""

import functools
import http.server
import io
import os
import pathlib
import threading

import numpy as np
import pytest
from PIL import Image

from fast_style import Stylizer, images

pytestmark = pytest.mark.slow
site = pytest.importorskip("fast_style.web.site")
playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright.expect

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAIN = ROOT / "checkpoints" / "ckpt-done"
PHOTO = ROOT / "img" / "chelsea.jpg"
# The npm package onnxruntime-web, whose folder this names.
RUNTIME = pathlib.Path(os.environ.get("ONNXRUNTIME_WEB", "node_modules/onnxruntime-web"))
PATIENCE = 120_000  # milliseconds


class Handler(http.server.SimpleHTTPRequestHandler):
    """A static host, with the headers that lend threads where `isolated` is true."""

    isolated = False

    def end_headers(self):
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def folders(gallery, tmp_path_factory):
    """Exports of a tiny gallery and of the network that comes along."""
    if not RUNTIME.is_dir():
        pytest.skip(f"needs the npm package onnxruntime-web: ONNXRUNTIME_WEB names it ({RUNTIME})")
    folder = tmp_path_factory.mktemp("sites")
    for name, prefix in (("gallery", gallery), ("plain", PLAIN)):
        site.export_site(prefix, folder / name, RUNTIME, sample=PHOTO)
    return folder


@pytest.fixture
def open_page(browser, folders):
    """Opens an export; the page must ask no other host, and say nothing on its console."""
    opened = []

    def open_it(name="gallery", isolated=False):
        handler = type("Host", (Handler,), {"isolated": isolated})
        host = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(handler, directory=folders / name)
        )
        threading.Thread(target=host.serve_forever).start()
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.host = host
        address = f"http://127.0.0.1:{host.server_port}"
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        context.on("request", lambda request: asked.append(request.url))
        opened.append((host, context, address, said, asked))
        page.goto(address)
        expect(page.locator(".tile").first).to_be_visible()
        return page

    yield open_it
    for host, context, address, said, asked in opened:
        context.close()
        host.shutdown()
        host.server_close()
        assert [url for url in asked if not url.startswith((address, f"blob:{address}"))] == []
        assert said == []


def choose(page, file=PHOTO):
    page.set_input_files("#file", file)
    expect(page.locator("#status")).to_contain_text("Painted", timeout=PATIENCE)


def downloaded(page):
    with page.expect_download() as waiting:
        page.locator("#png").click()
    data = pathlib.Path(waiting.value.path()).read_bytes()
    return np.array(Image.open(io.BytesIO(data)).convert("RGB")).astype(float)


def test_it_paints_as_the_network_does(open_page, tmp_path):
    small = images.fit(images.read(PHOTO), 203)
    images.save(tmp_path / "small.png", small)
    page = open_page("plain")
    choose(page, tmp_path / "small.png")
    expected = Stylizer.load(PLAIN, runtime="openvino")(small)
    assert np.abs(downloaded(page) - expected).mean() <= 2
    expect(page.locator("#where")).to_contain_text("never leave this device")
    expect(page.locator("#position-label")).to_be_hidden()
    assert page.evaluate("document.documentElement.dataset.runtime") == "wasm, 1 thread"


def test_blending_and_the_look(open_page, gallery, tmp_path):
    from fast_style.painting.paint_options import PaintOptions, paint

    small = images.fit(images.read(PHOTO), 128)
    images.save(tmp_path / "small.png", small)
    page = open_page()
    choose(page, tmp_path / "small.png")
    page.get_by_label("Blend several").check()
    page.locator("[data-style=mondrian]").click()
    page.get_by_label("Strength").fill("50")
    page.get_by_label("Keep the photograph’s colours").check()
    label = "Wave and Mondrian, strength 50 %, own colours"
    expect(page.get_by_role("button", name=label)).to_be_visible(timeout=PATIENCE)
    stylizer = Stylizer.load(gallery, runtime="openvino", style="wave:100,mondrian:50")
    expected = paint(stylizer, images.load(tmp_path / "small.png"), PaintOptions(True, 0.5)).rgb
    assert np.abs(downloaded(page) - expected).mean() <= 2


def test_1024_pixels(open_page, tmp_path):
    images.save(tmp_path / "large.jpg", images.fit(images.read(PHOTO), 1024))
    page = open_page()
    choose(page, tmp_path / "large.jpg")
    assert max(downloaded(page).shape) == 1024


def test_threads_where_the_headers_lend_them(open_page, tmp_path):
    page = open_page(isolated=True)
    choose(page)
    assert page.evaluate("crossOriginIsolated")
    count = page.evaluate("Math.min(navigator.hardwareConcurrency, 8)")
    shown = page.evaluate("document.documentElement.dataset.runtime")
    assert shown == f"wasm, {count} thread{'s' if count > 1 else ''}"


def test_it_works_without_a_network_after_the_first_visit(open_page):
    page = open_page()
    choose(page)
    expect(page.locator("#jpg")).to_be_enabled()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for file in ("ort/ort-wasm-simd-threaded.wasm", "network.onnx", "main.js"):
        for _ in range(100):
            if page.evaluate("file => caches.match(file).then(Boolean)", file):
                break
            page.wait_for_timeout(100)
    page.host.shutdown()
    page.host.server_close()
    page.reload()
    expect(page.locator(".tile").first).to_be_visible()
    choose(page)


SOFTWARE_GPU = (
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
)
# Runs the network on random pixels by WebGPU and by the processor; gives the largest distance.
BOTH = """async () => {
    const ort = await import("./ort/ort.webgpu.min.mjs");
    ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
    ort.env.logLevel = "verbose";
    const values = Float32Array.from({length: 3 * 64 * 64}, (_, i) => (i * 37) % 255);
    const styles = new Float32Array([0.2, 0.3, 0.5]);
    const run = async (provider) => {
        const session = await ort.InferenceSession.create("network.onnx",
            {executionProviders: [provider], logSeverityLevel: 0, logVerbosityLevel: 1});
        const {painted} = await session.run({
            pixels: new ort.Tensor("float32", values, [1, 3, 64, 64]),
            styles: new ort.Tensor("float32", styles, [1, 3]),
        });
        return painted.getData();
    };
    const one = await run("webgpu");
    const other = await run("wasm");
    return one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
}"""


def test_webgpu_leaves_no_node_to_the_processor(launch, folders):
    browser = launch(*SOFTWARE_GPU)
    host = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=folders / "gallery")
    )
    threading.Thread(target=host.serve_forever).start()
    try:
        page = browser.new_page()
        lines = []
        page.on("console", lambda message: lines.append(message.text))
        page.goto(f"http://127.0.0.1:{host.server_port}/site.json")
        if not page.evaluate("async () => Boolean(await navigator.gpu?.requestAdapter())"):
            pytest.skip("this Chromium has no WebGPU, not even in software")
        assert page.evaluate(BOTH) < 1
    finally:
        host.shutdown()
        host.server_close()
    placed = [line for line in lines if "placed on" in line]
    assert [line for line in placed if "All nodes placed on [WebGpuExecutionProvider]" in line]
    assert not [line for line in placed if " Node(s) placed on [CPUExecutionProvider]" in line]


def test_the_camera_live(open_page):
    page = open_page()
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#shoot")).to_be_enabled()
    page.get_by_label("Paint live").check()
    expect(page.locator("#live-picture")).to_be_visible(timeout=PATIENCE)
    assert page.locator("#live-picture").evaluate("canvas => canvas.width") == 256
    page.get_by_role("button", name="Take the photograph").click()
    expect(page.locator("#status")).to_contain_text("Painted", timeout=PATIENCE)


def test_mistakes_are_said_in_words(open_page, tmp_path):
    page = open_page()
    (tmp_path / "text.jpg").write_text("no picture")
    page.set_input_files("#file", tmp_path / "text.jpg")
    expect(page.locator("#problem")).to_contain_text("not an image")
    choose(page)
    expect(page.locator("#problem")).to_be_hidden()


def test_a_painting_can_be_cancelled(open_page, tmp_path):
    page = open_page("plain")
    choose(page)
    page.get_by_label("Stroke size").fill("-1")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_have_text("Cancelled.")
    page.get_by_label("Stroke size").fill("1")
    expect(page.locator("#status")).to_contain_text("Painted", timeout=PATIENCE)
