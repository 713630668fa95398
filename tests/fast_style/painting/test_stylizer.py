import threading

import numpy as np
import pytest

from fast_style.checkpoints import store
from fast_style.networks.transform_net import TransformNet
from fast_style.painting import bands, memory
from fast_style.painting.stylizer import Stylizer


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
    stylizer = Stylizer(network, max_memory=memory.resident() + 40 * 2**20)
    painted = bands.paint
    used = []
    monkeypatch.setattr(bands, "paint", lambda *a: used.append(a[2]) or painted(*a))
    difference = np.abs(stylizer(image).astype(int) - expected)
    assert len(used) == 1 and used[0] < 600
    assert difference.max() <= 1
    stylizer(photo(20, 20))
    assert len(used) == 1


def test_batches_are_cut_image_by_image(network, photo):
    batch = np.stack([photo(40, 30, 1), photo(40, 30, 2)])
    difference = np.abs(Stylizer(network, tile=16)(batch).astype(int) - Stylizer(network)(batch))
    assert difference.max() <= 1


def test_a_tile_too_small_is_refused_at_once(network):
    with pytest.raises(ValueError, match="`tile` must be 0 .* or at least 16"):
        Stylizer(network, tile=15)


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
