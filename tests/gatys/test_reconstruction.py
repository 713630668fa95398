"""Pictures rebuilt from features and from Gram matrices."""

import numpy as np
import pytest

import gatys
from fast_style import images


def psnr(a, b):
    return 10 * np.log10(255**2 / (1e-9 + np.mean((a.astype(float) - b) ** 2)))


def test_a_photograph_comes_back_from_a_shallow_layer(random_vgg, photo):
    image = photo(16, 24, 1) // 2 + 64
    seen = []
    rebuilt = gatys.reconstruct_content(
        image,
        "block1_conv1",
        callback=seen.append,
        loss_network="vgg16",
        vgg_weights=str(random_vgg),
        image_size=24,
        steps=60,
    )
    assert rebuilt.shape == image.shape and rebuilt.dtype == np.uint8
    assert seen[-1].losses["style"] == 0
    assert seen[-1].losses["content"] < 0.01 * seen[0].losses["content"]
    assert psnr(rebuilt, image) > 20 > psnr(seen[0].image, image)


def test_a_texture_comes_back_from_gram_matrices(random_vgg, photo):
    seen = []
    image = photo(24, 16, 1)
    texture = gatys.reconstruct_style(
        image,
        ("block1_conv1",),
        callback=seen.append,
        loss_network="vgg16",
        vgg_weights=str(random_vgg),
        image_size=24,
        steps=60,
    )
    assert texture.shape == image.shape
    assert seen[-1].losses["content"] == 0
    assert seen[-1].losses["style"] < 0.01 * seen[0].losses["style"]


def test_mistakes_are_named(photo):
    with pytest.raises(ValueError, match="`image` must be uint8 RGB"):
        gatys.reconstruct_content(np.zeros((4, 4, 3)), "block1_conv1")
    with pytest.raises(ValueError, match="`image` must be uint8 RGB"):
        gatys.reconstruct_style(np.zeros((4, 4, 3)), ("block1_conv1",))


@pytest.fixture(scope="module")
def vgg19(vgg_weights):
    return {"vgg_weights": str(vgg_weights.with_name("vgg19.weights.h5")), "image_size": 96}


@pytest.mark.slow
def test_less_of_a_photograph_comes_back_from_deeper_layers(vgg19, shared):
    photo = images.read(sorted((shared / "photos" / "content").iterdir())[0])
    shown = images.fit(photo, 96)
    quality = [
        psnr(gatys.reconstruct_content(photo, layer, steps=200, **vgg19), shown)
        for layer in ("block1_conv2", "block2_conv2", "block3_conv3")
    ]
    assert quality == sorted(quality, reverse=True)
    assert quality[1] > 20, quality


@pytest.mark.slow
def test_a_paintings_texture_reaches_a_hundredth_of_the_first_loss(vgg19, shared):
    seen = []
    gatys.reconstruct_style(
        images.read(shared / "styles" / "starry_night.jpg"),
        gatys.Settings().style_layers,
        steps=100,
        callback=lambda progress: seen.append(progress.losses["style"]),
        **vgg19,
    )
    assert seen[-1] < 0.01 * seen[0]
