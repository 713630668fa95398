"""The page about fine-tuning: its code runs, at a tiny size, and does what it says."""

import re

import numpy as np
import pytest

from fast_style import images
from fast_style.losses import vgg_weights
from tests.scripts import ROOT

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "fine-tuning.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, random_vgg):
    """Where the page's code has run: its settings replaced, its photographs noise."""
    folder = tmp_path_factory.mktemp("fine_tuning")
    rng = np.random.default_rng(0)
    for name in ("daisy", "rose"):
        for number in range(3):
            path = folder / "flowers" / name / f"{number}.png"
            images.save(path, rng.integers(0, 256, (40, 36, 3), np.uint8))
    for name in ("photo", "style"):
        images.save(folder / f"{name}.jpg", rng.integers(0, 256, (32, 48, 3), np.uint8))
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    settings, *code = blocks
    names = {}
    exec(settings, names)
    asked = set(names) - {"__builtins__"}
    tiny = {
        "FOLDER": "flowers",
        "WEIGHTS": str(random_vgg),
        "SIZE": 32,
        "BATCH": 8,
        "EPOCHS": 1,
        "PAINTING": {"image_size": 32, "steps": 1},
    }
    assert asked == set(tiny)
    names |= tiny
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in code:
            exec(block, names)
    yield folder
    for path in folder.glob("*.keras"):
        path.unlink()  # 59 MB and more each


# One test: workers of pytest that shared it would each run the page.
def test_the_page_trains_what_it_says_and_paints_with_it(folder, random_vgg):
    before = vgg_weights.read(random_vgg, "vgg16").layers
    trained = {"head": (), "deep": ("block4", "block5"), "all": ("block",)}
    for name, blocks in trained.items():
        after = vgg_weights.read(folder / f"{name}.keras", "vgg16").layers
        for layer, (kernel, _) in after.items():
            changed = not np.array_equal(kernel, before[layer][0])
            assert changed == layer.startswith(blocks), (name, layer)
    painted = images.read(folder / "painted.jpg")
    assert painted.shape == (21, 32, 3)
    plain = images.fit(images.read(folder / "photo.jpg"), 32)
    assert np.abs(np.float32(painted) - plain).mean() > 1
