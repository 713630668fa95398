"""The folder that paints in the browser: complete or not at all, as small as it may be."""

import json

import numpy as np
import pytest

from fast_style import images
from fast_style.errors import InvalidValue
from tests.fast_style.web.conftest import STYLES

site = pytest.importorskip("fast_style.web.site")
pytest.importorskip("onnx", reason="needs the extra export")
RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
WEBGPU = (
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)


@pytest.fixture
def runtime(tmp_path):
    """A folder like that of the npm package, its files empty."""
    folder = tmp_path / "onnxruntime-web"
    (folder / "dist").mkdir(parents=True)
    for name in (*RUNTIME, *WEBGPU):
        (folder / "dist" / name).write_text(name)
    return folder


@pytest.fixture
def sample(tmp_path, photo):
    images.save(tmp_path / "photo.jpg", images.resize(photo(6, 8), 96, 128))
    return tmp_path / "photo.jpg"


def test_all_that_the_page_needs_is_there(gallery, runtime, sample, tmp_path, photo):
    images.save(tmp_path / "paintings" / "wave.jpg", photo())
    folder = tmp_path / "site"
    site.export_site(gallery, folder, runtime, tmp_path / "paintings", sample)
    about = json.loads((folder / "site.json").read_text())
    assert about["styles"] == list(STYLES)
    thumbnails = [style["thumbnail"] for style in about["networks"][0]["styles"]]
    assert thumbnails == ["thumbnails/wave.jpg", None, None]
    assert about["limits"]["result_pixels"] >= 1024**2
    for files in about["runtimes"].values():
        assert all((folder / file).is_file() for file in files)
    worker = (folder / "sw.js").read_text()
    kept = json.loads(worker.partition("const FILES = ")[2].partition(";")[0])
    assert {"site.json", "network.onnx", "painter.js", "painting.js", "main.js"} <= set(kept)
    assert all((folder / file).exists() for file in kept)
    assert about["cache"] in worker
    page = (folder / "index.html").read_text()
    assert "Content-Security-Policy" in page and "unsafe-inline" not in page
    server = site.PAGE / "index.html"
    assert page.count("\n") == server.read_text().count("\n") + 1  # the same page but for that


def test_an_export_takes_the_place_of_an_earlier_one_only(gallery, plain, runtime, tmp_path):
    folder = tmp_path / "site"
    site.export_site(gallery, folder, runtime)
    (folder / "old.txt").write_text("old")
    site.export_site(plain, folder, runtime)
    assert not (folder / "old.txt").exists()
    assert json.loads((folder / "site.json").read_text())["styles"] == ["starry_night.jpg"]
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    with pytest.raises(InvalidValue, match="something else"):
        site.export_site(plain, other, runtime)
    assert (other / "letter.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_runtime_that_is_not_complete_is_named(plain, runtime, tmp_path):
    (runtime / "dist" / RUNTIME[1]).unlink()
    with pytest.raises(InvalidValue, match="threaded.mjs is missing"):
        site.export_site(plain, tmp_path / "site", runtime)
    assert not (tmp_path / "site").exists()


def test_one_style_or_mixture_of_several(gallery, runtime, tmp_path):
    site.export_site(gallery, tmp_path / "site", runtime, style="wave:1,mondrian:1")
    about = json.loads((tmp_path / "site" / "site.json").read_text())
    assert about["styles"] == ["wave:1,mondrian:1"]
    with pytest.raises(InvalidValue, match="waves"):
        site.export_site(gallery, tmp_path / "other", runtime, style="waves")


def test_the_smallest_file_that_is_near_enough(gallery, runtime, sample, tmp_path, monkeypatch):
    sizes = {}
    for tolerance, photograph in ((255, sample), (255, None), (-1, sample)):
        monkeypatch.setattr(site, "TOLERANCE", tolerance)
        folder = tmp_path / f"site{len(sizes)}"
        precision = site.export_site(gallery, folder, runtime, sample=photograph)
        sizes[precision] = (folder / "network.onnx").stat().st_size
    assert list(sizes) == ["int8", "float16", "float32"]  # without a photograph in the middle
    assert np.all(np.diff(list(sizes.values())) > 0)
