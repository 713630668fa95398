import threading

import numpy as np
import pytest

from fast_style.checkpoints import store
from fast_style.errors import OutOfMemory
from fast_style.machine import resources
from fast_style.networks.super_resolution_net import SuperResolutionNet
from fast_style.networks.transform_net import TransformNet
from fast_style.painting import bands
from fast_style.painting.stylizer import Stylizer
from tests.checks import randomize


@pytest.fixture(scope="module")
def stylizer(network):
    return Stylizer(network)


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (17, 33), (32, 32)])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_image_becomes_what_the_network_makes_of_it(network, photo, shape, jit_compile):
    image = photo(*shape)
    expected = np.clip(np.round(network(image[None].astype("float32"))[0]), 0, 255)
    stylized = Stylizer(network, jit_compile=jit_compile)(image)
    assert stylized.dtype == np.uint8
    assert stylized.shape == image.shape
    # Sums in another order may round to the neighbour.
    assert np.abs(stylized.astype(int) - expected).max() <= 1


def test_a_batch_is_stylized_image_by_image(stylizer, photo):
    batch = np.stack([photo(seed=1), photo(seed=2)])
    stylized = stylizer(batch)
    assert stylized.shape == batch.shape
    for image, expected in zip(batch, stylized, strict=True):
        assert np.abs(stylizer(image).astype(int) - expected).max() <= 1


def test_values_beyond_0_to_255_are_clipped(photo):
    network = TransformNet(width=4, residual_blocks=0)
    network.build()
    for value in (300.0, -300.0):
        network.weights[-1].assign([value] * 3)
        network.weights[-2].assign(np.zeros(network.weights[-2].shape))
        assert (Stylizer(network)(photo()) == np.clip(value, 0, 255)).all()


def test_all_sizes_share_one_trace(network, photo):
    stylizer = Stylizer(network)
    for height in range(8, 14):
        stylizer(photo(height))
    assert stylizer.runtime._function.experimental_get_tracing_count() == 1


def test_a_prefix_is_all_that_loading_needs(network, stylizer, photo, tmp_path):
    store.save_network(network, tmp_path / "ckpt", {"style": {"name": "wave.jpg"}})
    loaded = Stylizer.load(tmp_path / "ckpt", runtime="tensorflow")
    assert loaded.metadata["style"]["name"] == "wave.jpg"
    np.testing.assert_array_equal(loaded(photo()), stylizer(photo()))


@pytest.mark.parametrize("tile", [None, 16])
@pytest.mark.parametrize("runtime", ["openvino", "tensorflow"])
def test_threads_may_share_a_stylizer(prefix, photo, runtime, tile):
    stylizer = Stylizer.load(prefix, runtime=runtime, tile=tile)
    photos = [photo(10 + 5 * seed, seed=seed) for seed in range(6)]
    results = {}

    def work(number):
        results[number] = stylizer(photos[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, image in enumerate(photos):
        np.testing.assert_array_equal(results[number], stylizer(image))


def test_what_exceeds_the_memory_is_painted_in_bands(network, photo, monkeypatch):
    image = photo(600, 400)
    expected = Stylizer(network)(image)
    stylizer = Stylizer(network, max_memory=resources.resident_memory() + 40 * 2**20)
    painted = bands.paint
    used = []
    monkeypatch.setattr(bands, "paint", lambda *a: used.append(a[2]) or painted(*a))
    difference = np.abs(stylizer(image).astype(int) - expected)
    assert len(used) == 1 and used[0] < 600
    assert difference.max() <= 1
    stylizer(photo(20, 20))
    assert len(used) == 1


def test_what_exceeds_the_memory_is_enlarged_in_tiles(photo):
    network = SuperResolutionNet(4, width=4, residual_blocks=1)
    network.build()
    randomize(network, scale=0.2)
    image = photo(100, 120)
    expected = Stylizer(network)(image)
    limited = Stylizer(network, max_memory=resources.resident_memory() + 24 * 2**20)
    shapes, paint = [], limited.runtime.paint
    limited.runtime.paint = lambda batch: shapes.append(batch.shape) or paint(batch)
    assert np.abs(limited(image).astype(int) - expected).max() <= 1
    assert len(shapes) > 1


def test_batches_are_cut_image_by_image(network, photo):
    batch = np.stack([photo(40, 30, 1), photo(40, 30, 2)])
    difference = np.abs(Stylizer(network, tile=16)(batch).astype(int) - Stylizer(network)(batch))
    assert difference.max() <= 1


def test_a_tile_too_small_is_refused_at_once(network):
    with pytest.raises(ValueError, match="`tile` must be 0 .* or at least 16"):
        Stylizer(network, tile=15)
    with pytest.raises(ValueError, match="`tile`.*`jit_compile`"):
        Stylizer(network, tile=16, jit_compile=True)


def test_bands_are_tried_where_the_whole_finds_too_little_memory(network, photo, monkeypatch):
    """And lower ones where high ones do."""
    image = photo(200, 40)
    stylizer = Stylizer(network)
    expected = stylizer(image)

    def too_large(*_):
        raise OutOfMemory("no memory")

    painted, tried = bands.paint, []

    def paint(runtime, image, rows, in_memory):
        tried.append(rows)
        return painted(runtime, image, rows, in_memory) if rows < 32 else too_large()

    monkeypatch.setattr(stylizer.runtime, "paint", too_large)
    monkeypatch.setattr(bands, "paint", paint)
    assert np.abs(stylizer(image).astype(int) - expected).max() <= 1
    assert len(tried) == 2
    np.testing.assert_array_equal(stylizer(image[None])[0], stylizer(image))
    monkeypatch.setattr(bands, "paint", too_large)
    with pytest.raises(OutOfMemory, match="40 x 200"):
        stylizer(image)
    stylizer.tile = 0  # as the user wants it
    with pytest.raises(OutOfMemory, match="40 x 200 .*--tile=auto"):
        stylizer(image)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((1, 1, 8, 8, 3), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_anything_but_an_image_is_refused(stylizer, images):
    with pytest.raises(ValueError, match="`images` must"):
        stylizer(images)
