"""The losses against another framework's values, numpy and sums done by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_style.losses import perceptual
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.loss_settings import LossSettings
from fast_style.losses.perceptual import PerceptualLoss

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3")
SETTINGS = LossSettings(
    content_layers=("block2_conv1",),
    style_layers=("block1_conv2", "block2_conv1"),
    content_weight=2.0,
    style_weight=3.0,
    tv_weight=5.0,
    style_layer_weights=(0.5, 0.25),
    style_reduction="mean",
)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32")


# Against another framework


@pytest.fixture(scope="module")
def reference(shared):
    with np.load(shared / "reference" / "perceptual_losses.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def features(reference, vgg_weights):
    network = LossNetwork(LAYERS, weights=vgg_weights)
    return {
        kind: network(reference[f"{kind}_image"][None].astype("float32"))
        for kind in ("content", "style", "shifted")
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_losses_are_those_of_another_framework(reference, features, layer):
    grams = {kind: perceptual.gram_matrix(features[kind][layer]) for kind in ("content", "style")}
    expected = reference[f"gram/style/{layer}"]
    np.testing.assert_allclose(grams["style"][0], expected, rtol=1e-4, atol=1e-4 * expected.max())
    # The two images differ in size; each Gram matrix is divided by its own.
    style = float(perceptual.style_loss(grams["content"], grams["style"], "sum"))
    assert style == pytest.approx(reference[f"style_loss/{layer}"], rel=1e-4)
    assert style / 4 == pytest.approx(reference[f"gatys_style_loss/{layer}"], rel=1e-4)
    content = perceptual.content_loss(features["content"][layer], features["shifted"][layer])
    assert float(content) == pytest.approx(reference[f"content_loss/{layer}"], rel=1e-4)


def test_losses_of_all_thirteen_layers_are_those_of_another_framework(shared, vgg_weights):
    with np.load(shared / "reference" / "vgg16_all_layers.npz") as file:
        reference = dict(file)
    names = [name.split("/")[1] for name in reference if name.startswith("style_loss/")]
    assert len(names) == 13
    network = LossNetwork(names, weights=vgg_weights)
    content, style, shifted = (
        network(reference[f"{kind}_image"][None].astype("float32"))
        for kind in ("content", "style", "shifted")
    )
    for name in names:
        grams = [perceptual.gram_matrix(features[name]) for features in (content, style)]
        found = float(perceptual.style_loss(*grams, "sum"))
        assert found == pytest.approx(reference[f"style_loss/{name}"], rel=1e-3), name
        found = float(perceptual.content_loss(content[name], shifted[name]))
        assert found == pytest.approx(reference[f"content_loss/{name}"], rel=1e-3), name


# By definition


def test_gram_matrix_is_the_product_of_channels_over_its_size():
    x = 100 * noise(2, 5, 7, 3)
    wide = x.astype("float64")
    expected = np.einsum("nhwc,nhwd->ncd", wide, wide) / (5 * 7 * 3)
    gram = perceptual.gram_matrix(x)
    np.testing.assert_allclose(gram, expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(gram, np.swapaxes(gram, 1, 2), rtol=1e-5, atol=1e-3)


def test_gram_matrix_does_not_depend_on_how_often_a_pattern_is_repeated():
    x = noise(1, 4, 6, 3)
    larger = np.tile(x, (1, 2, 3, 1))
    np.testing.assert_allclose(
        perceptual.gram_matrix(x), perceptual.gram_matrix(larger), rtol=1e-4, atol=1e-6
    )


def test_gram_matrix_of_half_precision_features_does_not_overflow():
    x = np.full((1, 8, 8, 2), 1000, "float16")
    np.testing.assert_allclose(perceptual.gram_matrix(x), np.full((1, 2, 2), 5e5), rtol=1e-5)


def test_content_loss_is_the_mean_square():
    a, b = noise(2, 3, 4, 5), noise(2, 3, 4, 5, seed=1)
    expected = np.mean((a.astype("float64") - b) ** 2)
    assert float(perceptual.content_loss(a, b)) == pytest.approx(expected, rel=1e-5)
    assert float(perceptual.content_loss(a, a)) == 0


def test_style_loss_sums_squares_and_averages_over_images():
    grams, target = noise(2, 3, 3), noise(1, 3, 3, seed=1)
    total = float(perceptual.style_loss(grams, target, "sum"))
    each = np.sum((grams.astype("float64") - target) ** 2, axis=(1, 2))
    assert total == pytest.approx(each.mean(), rel=1e-5)
    assert float(perceptual.style_loss(grams, target, "mean")) == pytest.approx(total / 9, rel=1e-5)
    assert float(perceptual.style_loss(grams, target)) == pytest.approx(total / 9, rel=1e-5)
    with pytest.raises(
        ValueError, match=r"`reduction` must be one of mean, sum; received 'median'"
    ):
        perceptual.style_loss(grams, target, "median")


@pytest.mark.parametrize(
    "image, expected",
    [
        ([[1, 2], [4, 8]], (3 + 6) / 2 + (1 + 4) / 2),  # vertical, horizontal
        ([[5, 5], [5, 5]], 0),
        ([[1, 2, 4]], (1 + 2) / 2),  # a side of one pixel counts nothing
        ([[1], [4]], 3),
        ([[7]], 0),
    ],
)
def test_total_variation_by_hand(image, expected):
    images = np.float32(image)[None, :, :, None]
    assert float(perceptual.total_variation_loss(images)) == pytest.approx(expected)
    six = np.repeat(np.repeat(images, 2, axis=0), 3, axis=3)  # a mean over images and channels
    assert float(perceptual.total_variation_loss(six)) == pytest.approx(expected)


# Settings


def test_layers_are_listed_once():
    settings = LossSettings(content_layers=("c", "b"), style_layers=("a", "b"))
    assert settings.layers == ("c", "b", "a")


def test_layers_come_with_their_weights_or_one():
    assert SETTINGS.weighted("content") == (("block2_conv1", 1.0),)
    assert SETTINGS.weighted("style") == (("block1_conv2", 0.5), ("block2_conv1", 0.25))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"content_layers": ("a", "a")}, r"`content_layers` must not repeat a layer"),
        ({"style_layers": ("a", "b", "a")}, r"`style_layers` must not repeat a layer"),
        (
            {"style_layer_weights": (1.0, 2.0)},
            r"`style_layer_weights` must hold one weight for each of the 4 layers; received 2",
        ),
        ({"content_layer_weights": (1.0, 2.0)}, r"`content_layer_weights` .* the 1 layers"),
        ({"content_weight": -1.0}, r"`content_weight` .*not negative; received -1.0"),
        ({"style_weight": float("nan")}, r"`style_weight` .*finite.*received nan"),
        ({"style_layer_weights": (1, 1, 1, -2)}, r"`style_layer_weights` .*received -2"),
        ({"tv_weight": float("inf")}, r"`tv_weight` must be finite.*received inf"),
        (
            {"style_reduction": "median"},
            r"`style_reduction` must be one of relative, mean, sum, .*received 'median'",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LossSettings(**options)


# The whole


@pytest.fixture(scope="module")
def network(random_vgg):
    return LossNetwork(SETTINGS.layers, weights=random_vgg)


@pytest.fixture
def painting(photo):
    return photo(20, 12, seed=9)[None].astype("float32")


@pytest.fixture
def images(photo):
    return np.stack([photo(16, 24, seed=1), photo(16, 24, seed=2)]).astype("float32")


@pytest.fixture
def compare(network, painting):
    return PerceptualLoss(network, painting, SETTINGS)


def test_total_is_the_weighted_sum_of_parts_that_can_be_computed_alone(
    compare, network, painting, images
):
    photos = images[:, ::-1]
    total, parts = compare(images, compare.content_targets(photos))
    parts = {name: float(part) for name, part in parts.items()}
    ours, theirs, style = network(images), network(photos), network(painting)

    def layer_style(name):
        return perceptual.style_loss(
            perceptual.gram_matrix(ours[name]), perceptual.gram_matrix(style[name])
        )

    expected = {
        "content/block2_conv1": perceptual.content_loss(
            ours["block2_conv1"], theirs["block2_conv1"]
        ),
        "style/block1_conv2": layer_style("block1_conv2"),
        "style/block2_conv1": layer_style("block2_conv1"),
        "tv": perceptual.total_variation_loss(images),
    }
    expected["content"] = expected["content/block2_conv1"]
    expected["style"] = 0.5 * expected["style/block1_conv2"] + 0.25 * expected["style/block2_conv1"]
    assert parts == pytest.approx({k: float(v) for k, v in expected.items()}, rel=1e-4)
    assert min(parts.values()) > 0
    weighted = 2 * parts["content"] + 3 * parts["style"] + 5 * parts["tv"]
    assert float(total) == pytest.approx(weighted, rel=1e-5)


def test_content_loss_is_zero_where_nothing_was_changed(compare, images):
    _, parts = compare(images, compare.content_targets(images))
    assert float(parts["content"]) == 0
    assert float(parts["style"]) > 0


def test_style_loss_is_zero_for_the_painting_itself(compare, painting, images):
    def style(batch):
        return float(compare(batch, compare.content_targets(batch))[1]["style"])

    assert style(painting) <= 1e-6 * style(images)
    assert style(np.concatenate([painting, painting])) <= 1e-6 * style(images)


def test_sum_weighs_a_layer_by_the_square_of_its_channels(compare, network, painting, images):
    options = {**vars(SETTINGS), "style_reduction": "sum"}
    summed = PerceptualLoss(network, painting, LossSettings(**options))
    targets = compare.content_targets(images)
    _, mean_parts = compare(images, targets)
    _, sum_parts = summed(images, targets)
    for name, channels in (("style/block1_conv2", 64), ("style/block2_conv1", 128)):
        assert float(sum_parts[name]) == pytest.approx(
            float(mean_parts[name]) * channels**2, rel=1e-4
        )


def test_energy_scales_by_the_paintings_own_loss_against_black(compare, network, images, painting):
    options = {**vars(SETTINGS), "style_reduction": "energy"}
    scaled = PerceptualLoss(network, painting, LossSettings(**options))
    targets = compare.content_targets(images)
    mean = float(compare(images, targets)[1]["style"])
    grams = {name: perceptual.gram_matrix(value) for name, value in network(painting).items()}
    own = sum(
        weight * np.mean(np.square(grams[name], dtype="float64"))
        for name, weight in SETTINGS.weighted("style")
    )
    share = float(scaled(images, targets)[1]["style"]) / perceptual.ENERGY
    assert share == pytest.approx(mean / own, rel=1e-4)


def relative_to(network, paintings, photographs=None):
    """A relative loss of separate paintings, with the distances of photographs."""
    options = {**vars(SETTINGS), "style_reduction": "relative"}
    loss = PerceptualLoss(network, paintings, LossSettings(**options), separate=True)
    if photographs is not None:
        loss.set_distances(loss.measure_distances(photographs))
    return loss


def test_relative_is_1_at_each_layer_for_what_was_measured(network, images, painting):
    other = painting[:, ::-1] / 2
    loss = relative_to(network, [painting, other], images)
    assert loss.styles == 2
    for style in (0, 1):
        styles = np.full(len(images), style)
        _, parts = loss(images, loss.content_targets(images), styles)
        for name in SETTINGS.style_layers:
            assert float(parts[f"style/{name}"]) == pytest.approx(1, rel=1e-5)


def test_distances_are_mean_losses(compare, network, images, painting):
    distances = relative_to(network, [painting]).measure_distances(images)
    _, parts = compare(images, compare.content_targets(images))
    expected = [float(parts[f"style/{name}"]) for name in SETTINGS.style_layers]
    np.testing.assert_allclose(distances, [expected], rtol=1e-4)


def test_each_image_is_held_to_its_own_style(network, images, painting):
    paintings = [painting, painting[:, ::-1] / 2]
    both = relative_to(network, paintings, images)
    _, parts = both(images, both.content_targets(images), np.array([1, 0] * (len(images) // 2)))
    alone = [relative_to(network, [each], images) for each in paintings]
    expected = np.mean(
        [
            float(loss(image[None], loss.content_targets(image[None]))[1]["style"])
            for image, loss in zip(images, [alone[1], alone[0]] * (len(images) // 2), strict=True)
        ]
    )
    assert float(parts["style"]) == pytest.approx(expected, rel=1e-4)


def test_relative_without_distances_is_refused(network, images, painting):
    loss = relative_to(network, [painting])
    with pytest.raises(ValueError, match="`style_reduction` relative needs `set_distances`"):
        loss(images, loss.content_targets(images))


@pytest.mark.parametrize("part", ["total", "content", "style", "tv"])
def test_gradient_of_each_part_reaches_the_images(compare, images, part):
    targets = compare.content_targets(images[:, ::-1])
    pixels = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        total, parts = compare(pixels, targets)
        value = total if part == "total" else parts[part]
    gradient = keras.ops.convert_to_numpy(tape.gradient(value, pixels))
    assert np.isfinite(gradient).all()
    assert (gradient != 0).mean() > 0.5


@pytest.mark.parametrize("left_out", ["content", "style"])
def test_a_part_without_layers_counts_nothing(network, painting, images, left_out):
    options = {**vars(SETTINGS), f"{left_out}_layers": (), f"{left_out}_layer_weights": ()}
    loss = PerceptualLoss(network, painting, LossSettings(**options))
    total, parts = loss(images, loss.content_targets(images[:, ::-1]))
    assert float(parts[left_out]) == 0
    assert float(total) > 0


# Several paintings


def test_several_paintings_count_by_the_mean_of_their_gram_matrices(network, photo, painting):
    other = photo(8, 10, seed=4)[None].astype("float32")
    single = [PerceptualLoss(network, image, SETTINGS).style_targets for image in (painting, other)]
    mixed = PerceptualLoss(network, [painting, other], SETTINGS, (3.0, 1.0)).style_targets
    equal = PerceptualLoss(network, [painting, other], SETTINGS).style_targets
    for name, gram in mixed.items():
        first, second = (np.asarray(targets[name]) for targets in single)
        np.testing.assert_allclose(gram, 0.75 * first + 0.25 * second, rtol=1e-5)
        np.testing.assert_allclose(equal[name], (first + second) / 2, rtol=1e-5)


@pytest.mark.parametrize(
    "weights, message",
    [
        ((1.0,), r"`style_image_weights` must hold one weight for each of the 2 .*received 1"),
        ((0.0, 0.0), r"`style_image_weights` must not all be 0"),
        ((1.0, -1.0), r"`style_image_weights` must be .*not negative"),
        ((1.0, float("nan")), r"`style_image_weights` must be finite"),
    ],
)
def test_weights_of_paintings_that_make_no_sense_are_refused(network, painting, weights, message):
    with pytest.raises(ValueError, match=message):
        PerceptualLoss(network, [painting, painting], SETTINGS, weights)


def test_what_is_clipped_has_a_gradient_that_leads_back_and_none_that_leads_out():
    images = tf.constant([-5.0, -5.0, 3.0, 300.0, 300.0])[None, None, :, None]
    slope = tf.constant([1.0, -1.0, 1.0, 1.0, -1.0])[None, None, :, None]  # descent goes against it
    with tf.GradientTape() as tape:
        tape.watch(images)
        clipped = perceptual.clip_through(images)
        total = tf.reduce_sum(clipped * slope)
    np.testing.assert_array_equal(np.ravel(clipped), [0, 0, 3, 255, 255])
    np.testing.assert_array_equal(np.ravel(tape.gradient(total, images)), [0, -1, 1, 1, 0])
