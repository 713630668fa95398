"""The page in a real browser: Chromium, which the system has, driven by Playwright."""

import io
import os
import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from fast_style import Stylizer, images
from tests.test_serve_command import serving

pytestmark = pytest.mark.slow
playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright.expect

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAIN = ROOT / "checkpoints" / "ckpt-done"
PHOTO = ROOT / "img" / "chelsea.jpg"
# Of the npm package axe-core, which AXE names: what finds faults of accessibility.
AXE = pathlib.Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
PATIENCE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def address(gallery):
    """Of a server with a tiny gallery, the network that comes along, and one that enlarges."""
    enlarging = ROOT / "checkpoints" / "sr-x4"
    limits = ("--max_upload=1", "--max_result=2000000")
    with serving(gallery, PLAIN, enlarging, *limits) as (_, address, _):
        yield address


@pytest.fixture
def open_page(browser, address):
    """Opens the page; at the end it must have asked no other host, and said nothing on its console.

    Failed requests that the test means to make are in the list `page.allowed`.
    """
    contexts = []

    def open_it(width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.said, page.asked, page.allowed = [], [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        contexts.append((context, page))
        page.goto(address)
        expect(page.locator(".tile")).to_have_count(4)
        return page

    yield open_it
    for context, page in contexts:
        own = (address, f"blob:{address}")
        assert [url for url in page.asked if not url.startswith(own)] == []
        said = [text for text in page.said if not any(part in text for part in page.allowed)]
        assert said == []
        context.close()


def tile(page, title, number=0):
    return page.locator(".tile", has_text=title).nth(number)


def wait_painted(page):
    expect(page.locator("#status")).to_contain_text("Painted", timeout=PATIENCE)
    expect(page.locator("#jpg")).to_be_enabled()


def choose(page, file=PHOTO):
    page.set_input_files("#file", file)
    wait_painted(page)


def downloaded(page, button):
    with page.expect_download() as waiting:
        page.locator(button).click()
    return waiting.value


def pixels(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def test_the_download_is_what_the_command_writes(open_page, tmp_path):
    page = open_page()
    tile(page, "Starry night").click()
    choose(page)
    file = downloaded(page, "#jpg")
    assert file.suggested_filename == "chelsea-starry-night.jpg"
    expected = Stylizer.load(PLAIN, runtime="openvino")(images.read(PHOTO))
    images.save(tmp_path / "res.jpg", expected, None, images.load(PHOTO).metadata)
    assert pathlib.Path(file.path()).read_bytes() == (tmp_path / "res.jpg").read_bytes()
    png = downloaded(page, "#png")
    assert png.suggested_filename.endswith(".png")
    np.testing.assert_array_equal(pixels(pathlib.Path(png.path()).read_bytes()), expected)


def test_blending_and_the_look(open_page, gallery):
    page = open_page()
    choose(page)
    page.get_by_label("Blend several").check()
    tile(page, "Mondrian").click()
    page.get_by_label("Mondrian", exact=True).fill("25")
    page.get_by_label("Strength").fill("50")
    page.get_by_label("Keep the photograph’s colours").check()
    expect(page.locator("#strength-out")).to_have_text("50 %")
    label = "Wave and Mondrian, strength 50 %, own colours"
    expect(page.get_by_role("button", name=label)).to_be_visible(timeout=PATIENCE)
    wait_painted(page)
    made = pixels(pathlib.Path(downloaded(page, "#png").path()).read_bytes())
    from fast_style.painting.paint_options import PaintOptions, paint

    stylizer = Stylizer.load(gallery, runtime="openvino", style="wave:100,mondrian:25")
    expected = paint(stylizer, images.load(PHOTO), PaintOptions(True, 0.5)).rgb
    np.testing.assert_array_equal(made, expected)
    # An earlier result comes back with its settings.
    page.locator("#strip button").last.click()
    expect(page.locator("#strength-out")).to_have_text("100 %")
    expect(page.get_by_label("Blend several")).not_to_be_checked()


def test_before_and_after_by_mouse_and_keyboard(open_page):
    page = open_page()
    choose(page)
    split = page.locator("#split")
    box = page.locator("#compare").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + 40)
    expect(split).to_have_value("25")
    split.focus()
    page.keyboard.press("ArrowRight")
    expect(split).to_have_value("26")
    edge = page.locator("#after").evaluate("image => getComputedStyle(image).clipPath")
    assert "26%" in edge


def test_all_of_it_by_keyboard(open_page):
    page = open_page()
    choose(page)
    page.keyboard.press("Tab")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert seen >= {"split", "png", "jpg", "blend", "strength", "scale", "size", "colors", "reset"}
    tile(page, "Mondrian").focus()
    page.keyboard.press("Enter")
    expect(tile(page, "Mondrian")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Mondrian", exact=True)).to_have_count(2)  # and a result


def test_a_dropped_and_a_pasted_photograph(open_page):
    page = open_page()
    give = """async ([bytes, kind]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "given.jpg", {type: "image/jpeg"}));
        const event = kind === "drop" ? new DragEvent("drop", {dataTransfer: data, bubbles: true})
          : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
        document.body.dispatchEvent(event);
    }"""
    for count, kind in enumerate(("drop", "paste"), 1):
        page.evaluate(give, [list(PHOTO.read_bytes()), kind])
        expect(page.locator("#strip li")).to_have_count(count, timeout=PATIENCE)
        wait_painted(page)


def test_the_camera(open_page):
    page = open_page()
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the photograph").click()
    wait_painted(page)
    assert downloaded(page, "#jpg").suggested_filename == "camera-wave.jpg"
    expect(page.locator("dialog")).to_be_hidden()


def test_no_camera_is_said_where_it_was_asked_for(open_page):
    page = open_page()
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = "
        "() => Promise.reject(new DOMException('none', 'NotFoundError')); }"
    )
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("dialog [role=alert]")).to_contain_text("no camera")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()


def test_the_sample(open_page):
    page = open_page()
    page.get_by_role("button", name="Try it with a sample").click()
    wait_painted(page)
    expect(page.locator("#compare")).to_have_class(re.compile("painted"))


def test_enlarging(open_page, tmp_path):
    page = open_page()
    images.save(tmp_path / "small.png", images.fit(images.read(PHOTO), 64))
    choose(page, tmp_path / "small.png")
    page.get_by_role("button", name="Enlarge 4 ×").click()
    expect(page.locator("#status")).to_contain_text("Enlarged", timeout=PATIENCE)
    made = pixels(pathlib.Path(downloaded(page, "#jpg").path()).read_bytes())
    assert max(made.shape) == 256


def test_a_photograph_that_the_browser_can_not_show(open_page, tmp_path):
    images.save(tmp_path / "photo.tif", images.fit(images.read(PHOTO), 64))
    page = open_page()
    choose(page, tmp_path / "photo.tif")
    assert page.locator("#before").evaluate("image => image.naturalWidth") == 64


def test_mistakes_are_said_in_words(open_page, tmp_path):
    page = open_page()
    page.allowed = ["status of 4"]
    problem = page.locator("#problem")
    (tmp_path / "text.jpg").write_text("no picture")
    page.set_input_files("#file", tmp_path / "text.jpg")
    expect(problem).to_contain_text("not an image")
    expect(page.locator("#drop")).to_be_visible()
    (tmp_path / "cut.jpg").write_bytes(PHOTO.read_bytes()[:5000])
    page.set_input_files("#file", tmp_path / "cut.jpg")
    expect(problem).to_contain_text("not a readable image")
    (tmp_path / "large.jpg").write_bytes(PHOTO.read_bytes() + bytes(2**20))
    page.set_input_files("#file", tmp_path / "large.jpg")
    expect(problem).to_contain_text("large.jpg is larger than 1 MiB")
    choose(page)
    expect(problem).to_be_hidden()


def test_a_server_that_is_gone_is_said_and_tried_again(open_page):
    page = open_page()
    page.allowed = ["ERR_"]
    page.route("**/api/paint*", lambda route: route.abort())
    page.set_input_files("#file", PHOTO)
    expect(page.locator("#problem")).to_contain_text("does not answer")
    page.unroute("**/api/paint*")
    page.get_by_role("button", name="Try again").click()
    wait_painted(page)
    expect(page.locator("#problem")).to_be_hidden()


def test_a_busy_server_is_asked_again(open_page):
    page = open_page()
    page.allowed = ["429"]
    busy = {"status": 429, "headers": {"Retry-After": "1"}, "json": {"error": "Busy."}}
    page.route("**/api/paint*", lambda route: route.fulfill(**busy), times=1)
    page.set_input_files("#file", PHOTO)
    expect(page.locator("#status")).to_contain_text("trying again in 1 s")
    wait_painted(page)


def test_the_position_stays_only_where_it_is_asked_for(open_page, tmp_path):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    Image.fromarray(images.read(PHOTO)).save(tmp_path / "placed.jpg", exif=exif.tobytes())
    page = open_page()
    choose(page, tmp_path / "placed.jpg")
    for keep in (False, True):
        page.get_by_label("Leave the place").set_checked(keep)
        said = Image.open(downloaded(page, "#jpg").path()).getexif().get_ifd(0x8825)
        assert bool(said) == keep


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1600])
def test_no_fault_of_accessibility_at_any_width(open_page, width, scheme):
    if not AXE.is_file():
        pytest.skip(f"needs the npm package axe-core: AXE names its file ({AXE} is none)")
    # axe-core runs inside the page, whose policy would keep it out.
    page = open_page(width, 800, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    states = {
        "empty": lambda: None,
        "painted": lambda: choose(page),
        "blending": lambda: page.get_by_label("Blend several").check(),
        "problem": lambda: page.evaluate(
            "document.body.dispatchEvent(new DragEvent('drop', "
            "{dataTransfer: new DataTransfer(), bubbles: true}))"
        ),
        "camera": lambda: page.locator("#actions [data-do=camera]").click(),
    }
    for state, reach in states.items():
        reach()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        shown = [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in found]
        assert shown == [], state


def test_nothing_is_named_from_elsewhere():
    for file in (ROOT / "fast_style" / "web" / "page").iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.[a-z]+/", text), file.name
