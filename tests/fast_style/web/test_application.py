"""The HTTP interface: pictures as the command paints them, and an answer to every mistake."""

import io
import json
import tempfile

import numpy as np
import pytest
from PIL import Image

from fast_style import Stylizer, images
from tests.fast_style.web.conftest import STYLES

RAW = {"content-type": "application/octet-stream"}
GPS, MAKE = 0x8825, 271


def painted(answer):
    assert answer.status_code == 200, answer.text
    return np.array(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def refused(answer, status, *words):
    """The answer is an error of this status, whose words hold these and no path."""
    assert answer.status_code == status, answer.text
    said = answer.json()["error"]
    assert not [word for word in words if word not in said], said
    assert "/tmp" not in said and "/work" not in said and "\n" not in said


def test_a_jpeg_is_what_the_command_writes(client, plain, jpeg, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    picture = images.load(tmp_path / "photo.jpg")
    expected = Stylizer.load(plain, runtime="openvino")(picture.rgb)
    images.save(tmp_path / "painted.jpg", expected, picture.alpha, picture.metadata)
    answer = client().post("/api/paint?network=plain", content=jpeg(), headers=RAW)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == (tmp_path / "painted.jpg").read_bytes()


@pytest.mark.parametrize("style", ["wave", "mondrian:2,the_scream:1"])
def test_one_style_and_a_mixture(client, gallery, jpeg, style):
    expected = Stylizer.load(gallery, runtime="openvino", style=style)(images.decode(jpeg()).rgb)
    with client() as asked:
        for _ in range(2):  # made, and kept ready
            answer = asked.post(
                "/api/paint", params={"style": style, "format": "png"}, content=jpeg(), headers=RAW
            )
            np.testing.assert_array_equal(painted(answer), expected)


def test_a_form_and_the_address_ask_alike(client, jpeg):
    fields = {"style": "wave", "strength": "0.5", "keep_colors": "true", "image_size": "16"}
    asked = client()
    in_form = asked.post("/api/paint", data=fields, files={"image": ("p.jpg", jpeg())})
    in_address = asked.post("/api/paint", params=fields, content=jpeg(), headers=RAW)
    np.testing.assert_array_equal(painted(in_form), painted(in_address))
    assert painted(in_form).shape == (12, 16, 3)


def test_strength_0_is_the_photograph(client, jpeg):
    fields = {"style": "wave", "strength": "0", "format": "png", "style_scale": "2"}
    answer = client().post("/api/paint", params=fields, content=jpeg(), headers=RAW)
    np.testing.assert_array_equal(painted(answer), images.decode(jpeg()).rgb)


def test_transparency_and_notes(client, photo):
    frames = [Image.fromarray(np.dstack([photo(), photo()[..., 0]])) for _ in range(2)]
    stream = io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, append_images=[Image.fromarray(photo(seed=1))])
    answer = client().post(
        "/api/paint?style=wave&format=webp", content=stream.getvalue(), headers=RAW
    )
    assert Image.open(io.BytesIO(answer.content)).mode == "RGBA"
    assert "the first" in answer.headers["notes"].replace("%20", " ")


@pytest.mark.parametrize("keep", [False, True])
def test_the_position_goes_unless_it_is_asked_for(client, jpeg, keep):
    exif = Image.Exif()
    exif[MAKE] = "A maker"
    exif[GPS] = {1: "N", 2: (52.0, 30.0, 0.0)}
    answer = client().post(
        "/api/paint",
        params={"style": "wave", "keep_position": str(keep).lower()},
        content=jpeg(exif=exif.tobytes()),
        headers=RAW,
    )
    said = Image.open(io.BytesIO(answer.content)).getexif()
    assert said[MAKE] == "A maker"
    assert bool(said.get_ifd(GPS)) == keep


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("style=waves", 404, ("waves", "wave, the_scream, mondrian")),
        ("style=wave&network=none", 404, ("none", "gallery, plain")),
        ("network=plain&style=wave", 404, ("starry_night",)),
        ("", 400, ("style must name one",)),
        ("style=wave:-1", 400, ("not negative",)),
        ("style=wave,wave", 400, ("twice",)),
        ("style=wave&style=wave", 400, ("style is given twice",)),
        ("style=wave&strenght=1", 400, ("strenght", "strength")),
        ("style=wave&strength=2", 400, ("strength", "between 0 and 1")),
        ("style=wave&strength=nan", 400, ("strength must be a number",)),
        ("style=wave&keep_colors=perhaps", 400, ("true or false",)),
        ("style=wave&image_size=1", 400, ("at least 8",)),
        ("style=wave&image_size=1e3", 400, ("whole number",)),
        ("style=wave&style_scale=100", 400, ("between 0.25 and 8",)),
        ("style=wave&format=tiff", 400, ("jpg, png, webp",)),
        ("style=wave&image_size=10000", 413, ("10,000", "16,000,000")),
        ("style=wave&image_size=4000&style_scale=0.25", 413, ("Strokes",)),
    ],
)
def test_options_that_are_refused(client, jpeg, query, status, words):
    refused(client().post(f"/api/paint?{query}", content=jpeg(), headers=RAW), status, *words)


def test_images_that_are_refused(client, jpeg, photo):
    asked = client(upload_bytes=100_000, upload_pixels=1000, result_pixels=1000)

    def send(data, headers=RAW):
        return asked.post("/api/paint?style=wave", content=data, headers=headers)

    good = jpeg()
    refused(send(good[: len(good) // 2]), 400, "The photograph", "not a readable image")
    refused(send(b""), 400, "no image")
    refused(send(b"%PDF-1.7 is no picture"), 415, "JPEG")
    refused(send(good, {"content-type": "text/plain"}), 415)
    refused(send(good, {"content-type": ""}), 415)
    refused(send(jpeg(40, 40)), 413, "40 x 40", "1,000")
    refused(send(bytes(100_001)), 413, "MiB")
    assert send(good).status_code == 200  # it still works


def test_forms_that_are_refused(client, jpeg):
    asked = client(upload_bytes=100_000)

    def send(**parts):
        return asked.post("/api/paint?style=wave", **parts)

    refused(send(files={"photo": jpeg()}), 400, "image")
    refused(send(files=[("image", jpeg()), ("image", jpeg())]), 400, "files")
    refused(send(files={"image": bytes(100_001)}), 413)
    refused(send(files={"image": jpeg()}, data={"style": "wave"}), 400, "twice")
    no_boundary = {"content-type": "multipart/form-data"}
    refused(send(content=jpeg(), headers=no_boundary), 400, "form")
    no_end = {"content-type": "multipart/form-data; boundary=x"}
    refused(send(content=b'--x\r\ncontent-disposition: form-data; name="a"', headers=no_end), 400)


def test_an_upload_never_touches_the_disk(client, photo, monkeypatch):
    stream = io.BytesIO()
    Image.fromarray(photo(900, 900)).save(stream, "PNG", compress_level=0)
    assert len(stream.getvalue()) > 2 * 2**20  # beyond what Starlette itself holds in memory
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda _: pytest.fail("disk"))
    asked = {"image_size": "32", "style": "wave"}
    answer = client().post("/api/paint", data=asked, files={"image": stream.getvalue()})
    assert painted(answer).shape == (32, 32, 3)


def test_no_network_enlarges(client, jpeg):
    refused(client().post("/api/enlarge", content=jpeg(), headers=RAW), 404, "none")


def test_what_there_is(client, plain):
    answer = client(result_pixels=123).get("/api/styles").json()
    gallery, one = answer["networks"]
    assert [style["name"] for style in gallery["styles"]] == list(STYLES)
    assert [style["title"] for style in gallery["styles"]] == ["Wave", "The scream", "Mondrian"]
    assert one["styles"][0]["title"] == "Starry night"
    assert (gallery["task"], gallery["factor"]) == ("style", 1)
    assert answer["limits"]["result_pixels"] == 123
    assert client().get("/health").json() == {"status": "ok", "inside": 0}


def test_thumbnails_are_the_paintings_of_a_folder(client, photo, tmp_path):
    images.save(tmp_path / "paintings" / "starry_night.jpg", photo())
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    asked = client(paintings=tmp_path / "paintings")
    gallery, one = asked.get("/api/styles").json()["networks"]
    assert gallery["styles"][0]["thumbnail"] is None
    found = asked.get(f"/{one['styles'][0]['thumbnail']}")
    assert found.content == (tmp_path / "paintings" / "starry_night.jpg").read_bytes()
    for name in ("wave", "..%2Fsecret", "../secret", "%2e%2e/secret"):
        assert asked.get(f"/api/thumbnails/{name}").status_code == 404


def test_the_page_and_what_it_loads(client):
    asked = client()
    page = asked.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for name, kind in (("main.js", "text/javascript"), ("style.css", "text/css")):
        assert name in page.text
        assert asked.get(f"/{name}").headers["content-type"].startswith(kind)
    for path in ("/nothing", "/../application.py", "/%2e%2e/application.py", "/api/nothing"):
        refused(asked.get(path), 404)
    refused(asked.get("/api/paint"), 405)


def test_a_bug_is_told_without_its_inside(client, jpeg, monkeypatch):
    def fail(*_):
        raise KeyError("/tmp/secret")

    monkeypatch.setattr("fast_style.web.painter.Painter.paint", fail)
    answer = client().post("/api/paint?style=wave", content=jpeg(), headers=RAW)
    refused(answer, 500)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(MemoryError("x"), 503), (OSError(28, "No space left", "/tmp/features"), 503)],
)
def test_a_lack_of_memory_or_disk(client, jpeg, monkeypatch, error, status):
    def fail(*_):
        raise error

    monkeypatch.setattr("fast_style.web.painter.paint_options.paint", fail)
    refused(client().post("/api/paint?style=wave", content=jpeg(), headers=RAW), status, "smaller")


def test_the_description_is_json_and_names_every_way_in(client):
    described = json.loads(client().get("/api/openapi.json").text)
    assert set(described["paths"]) >= {"/api/paint", "/api/enlarge", "/api/styles", "/health"}
    asked = {one["name"] for one in described["paths"]["/api/paint"]["post"]["parameters"]}
    assert asked >= {"style", "strength", "keep_colors", "image_size", "style_scale", "format"}
