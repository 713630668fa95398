"""A folder with the page and a network that paint in the browser itself, for any static host."""

import hashlib
import importlib.util
import json
import os
import shutil
from pathlib import Path

import numpy as np

from fast_style import images
from fast_style.atomic_files import put_folder_in_place, unused_path
from fast_style.checkpoints import styles, tensor_bundle
from fast_style.errors import InvalidValue
from fast_style.painting.paint_options import STYLE_SCALES
from fast_style.web.page_styles import PAGE, describe, find_paintings

BROWSER = Path(__file__).with_name("browser")
"""Folder of what takes the server's place."""

TOLERANCE = 2.0
"""Mean distance, of 255, from the network in full precision that a smaller file may have."""

_MARK = "site.json"  # by which an earlier export is known
NETWORK = "network.onnx"
"""Name of the file in it that holds the network."""

_LIMITS = {
    "upload_bytes": 100 * 2**20,
    "upload_pixels": 100_000_000,
    "result_pixels": 1536**2,  # what 4 GiB, the most that WebAssembly has, are enough for
    "style_scale": STYLE_SCALES,
    "formats": ["jpg", "png", "webp"],
}
RUNTIMES = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": (
        "ort.webgpu.min.mjs",
        "ort-wasm-simd-threaded.asyncify.mjs",
        "ort-wasm-simd-threaded.asyncify.wasm",
    ),
}
"""The files of onnxruntime-web, by what runs the network."""
_PROBE = 256  # pixels, long side of the photograph on which precisions are compared
# As the server's headers say it; WebAssembly is code, which has to be allowed by name.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self' blob:; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'"
)


def export_site(prefix, folder, onnxruntime_web, paintings=None, sample=None, style=None):
    """Writes a page that paints in the browser.

    Args:
        prefix: checkpoint prefix of a network for a style, or for several.
        folder: path of the folder that is made; an earlier export in it is replaced.
        onnxruntime_web: folder of the npm package onnxruntime-web, or its "dist".
        paintings: folder of small paintings, each named as its style; or None.
        sample: path of a photograph to try with, or None.
        style: of a network of several styles the one or the mixture that is exported
            (`fast_style.checkpoints.styles`); None: all of them.

    Returns:
        str, how the kernels are stored, one of `fast_style.web.onnx_graph.PRECISIONS`.

    Raises:
        ValueError: `folder` holds something else, files of the runtime or the package onnx are
            missing, or `style` is unknown.
        FileNotFoundError: there is no checkpoint.
        OSError: `folder` can't be written.
    """
    if importlib.util.find_spec("onnx") is None:
        raise InvalidValue("format web needs the package onnx: pip install onnx")
    runtime = runtime_folder(onnxruntime_web)
    folder = os.path.abspath(folder)
    _check_replaceable(folder)
    architecture, arrays, metadata = tensor_bundle.load(prefix)
    names = styles.style_names(metadata) or [os.path.basename(os.fspath(prefix))]
    if style is not None:
        arrays, architecture = styles.choose(arrays, architecture, metadata, prefix, style)
        names = [style]
    if architecture.styles > 1:
        styles.check_names(names, architecture.styles, prefix)
    else:
        names = names[:1]
    photo = None if sample is None else images.read(sample)
    precision, network = _smallest(architecture, arrays, photo)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    aside = unused_path(os.path.dirname(folder))
    try:
        _write(Path(aside), architecture, names, network, precision, runtime, paintings, photo)
        put_folder_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return precision


def runtime_folder(path):
    """The folder with the runtime's files (`pathlib.Path`): that of the package, or its "dist"."""
    files = [file for group in RUNTIMES.values() for file in group]
    folders = (Path(path), Path(path, "dist"))
    for folder in folders:
        if all((folder / file).is_file() for file in files):
            return folder
    missing = next(file for file in files if not (folders[1] / file).is_file())
    raise InvalidValue(
        f"{path}: {missing} is missing; the folder of the npm package onnxruntime-web is expected"
    )


def _check_replaceable(folder):
    if not os.path.lexists(folder):
        return
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{folder}: is a file, a folder is expected")
    if os.listdir(folder) and not os.path.isfile(os.path.join(folder, _MARK)):
        raise InvalidValue(f"{folder}: holds something else than an export of this kind")


def _smallest(architecture, arrays, photo):
    """The precision and the bytes of the smallest file that paints nearly as the network does."""
    from fast_style.web import onnx_graph

    whole = None
    for precision in onnx_graph.PRECISIONS:
        made = onnx_graph.build(architecture, arrays, precision).SerializeToString()
        if photo is None:  # nothing to compare by
            if precision == "float16":
                return precision, made
            continue
        if whole is None:
            full = onnx_graph.build(architecture, arrays).SerializeToString()
            whole = _paint_all(full, architecture, photo)
        distances = np.abs(_paint_all(made, architecture, photo) - whole).mean((1, 2, 3))
        if distances.max() <= TOLERANCE:
            return precision, made
    return precision, made


def _paint_all(model, architecture, photo):
    """A small copy of a photograph in every style of a graph: float `[styles, 3, H, W]`."""
    import openvino as ov

    core = ov.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model), "CPU", options)
    small = images.fit(photo, _PROBE)
    height, width = (max(8, side // 4 * 4) for side in small.shape[:2])
    pixels = images.resize(small, height, width).transpose(2, 0, 1)[None].astype(np.float32)
    if architecture.styles == 1:
        return compiled([pixels])[0].copy()
    chosen = np.eye(architecture.styles, dtype=np.float32)
    return np.concatenate([compiled([pixels, row[None]])[0].copy() for row in chosen])


def _write(folder, architecture, names, network, precision, runtime, paintings, photo):
    shutil.copytree(PAGE, folder)
    for file in BROWSER.iterdir():
        shutil.copyfile(file, folder / file.name)
    (folder / NETWORK).write_bytes(network)
    if photo is not None:
        images.save(folder / "sample.jpg", photo)
    found = find_paintings(paintings)
    described = [describe(name, found) for name in names]
    for style in described:
        if style["thumbnail"] is not None:
            source = found[style.pop("stem")]
            style["thumbnail"] = f"thumbnails/{source.name}"
            (folder / "thumbnails").mkdir(exist_ok=True)
            shutil.copyfile(source, folder / "thumbnails" / source.name)
        style.pop("stem", None)
    (folder / "ort").mkdir()
    for files in RUNTIMES.values():
        for file in files:
            shutil.copyfile(runtime / file, folder / "ort" / file)
    package = runtime.parent / "package.json"  # its version and licence
    if package.is_file():
        shutil.copyfile(package, folder / "ort" / "package.json")
    _finish(folder, architecture, names, described, precision)


def _finish(folder, architecture, names, described, precision):
    """Writes what depends on all other files: the page's policy, site.json, the service worker."""
    page = folder / "index.html"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    head = '<meta charset="utf-8">'
    page.write_text(
        page.read_text(encoding="utf-8").replace(head, f"{head}\n{policy}"), encoding="utf-8"
    )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    version = f"fast-style-{digest.hexdigest()[:16]}"
    network = {"name": "network", "task": "style", "factor": 1, "styles": described}
    about = {
        "cache": version,
        "centred": architecture.ignores_colour,
        "limits": _LIMITS,
        "network": NETWORK,
        "networks": [network],
        "precision": precision,
        "runtimes": {kind: [f"ort/{file}" for file in RUNTIMES[kind]] for kind in RUNTIMES},
        "styles": names,
    }
    (folder / _MARK).write_text(json.dumps(about, indent=1), encoding="utf-8")
    kept = [path.relative_to(folder).as_posix() for path in files if path.parent.name != "ort"]
    kept = ["./", _MARK, *(file for file in kept if file not in ("sw.js", "index.html"))]
    worker = folder / "sw.js"
    text = worker.read_text(encoding="utf-8")
    text = text.replace("const FILES = [];", f"const FILES = {json.dumps(kept)};")
    text = text.replace('const VERSION = "";', f'const VERSION = "{version}";')
    worker.write_text(text, encoding="utf-8")
