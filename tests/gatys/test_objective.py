"""The objective against another framework's values and the paper's formulas done by hand."""

import numpy as np
import pytest
import tensorflow as tf

from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.perceptual import PerceptualLoss
from gatys.objective import LOSSES, Diverged, Objective
from gatys.settings import Settings

CONTENT = ("block2_conv1",)
STYLE = ("block1_conv1", "block2_conv1")


@pytest.fixture(scope="module")
def network(random_vgg):
    return LossNetwork((*CONTENT, *STYLE), weights=random_vgg)


@pytest.fixture
def batch(photo):
    return lambda *arguments: photo(*arguments)[None].astype("float32")


@pytest.fixture
def objective(network, batch):
    settings = Settings(
        content_layers=CONTENT,
        style_layers=STYLE,
        ratio=1e-3,
        style_weight=2.0,
        tv_weight=3.0,
        style_reduction="sum",
    )
    losses = settings.losses({"block2_conv1": 8 * 12 * 128 / 2}, 16 * 24)
    return Objective(PerceptualLoss(network, batch(20, 12, 5), losses), batch(16, 24, 1))


@pytest.mark.parametrize("layer", ["block1_conv2", "block2_conv2", "block3_conv3"])
def test_losses_are_those_of_another_framework(shared, vgg_weights, layer):
    with np.load(shared / "reference" / "perceptual_losses.npz") as file:
        reference = dict(file)
    content, style, shifted = (
        tf.cast(reference[f"{kind}_image"][None], tf.float32)
        for kind in ("content", "style", "shifted")
    )
    network = LossNetwork([layer], weights=vgg_weights)
    count = int(tf.size(network(content)[layer]))
    settings = Settings(content_layers=(layer,), style_layers=(layer,), style_reduction="sum")
    losses = settings.losses({layer: count / 2}, 1)
    loss = PerceptualLoss(network, style, losses)
    _, found = Objective(loss, content)(content)
    assert found["style"] == pytest.approx(reference[f"gatys_style_loss/{layer}"], rel=1e-4)
    assert found["content"] == 0
    _, found = Objective(loss, content)(shifted)
    half_sum = reference[f"content_loss/{layer}"] * count / 2
    assert found["content"] == pytest.approx(half_sum, rel=1e-4)


def test_losses_are_the_papers_formulas(objective, network, batch):
    picture, photo, painting = batch(16, 24, 2), batch(16, 24, 1), batch(20, 12, 5)
    ours, theirs, style = (
        {name: np.asarray(value, np.float64) for name, value in network(image).items()}
        for image in (picture, photo, painting)
    )
    content = np.sum((ours["block2_conv1"] - theirs["block2_conv1"]) ** 2) / 2
    # 1 / (4 N^2 M^2) with each image's own M.
    expected = 0
    for name in STYLE:
        grams = []
        for features in (ours[name], style[name]):
            flat = features.reshape(-1, features.shape[-1])
            grams.append(flat.T @ flat / flat.size)
        expected += np.sum((grams[0] - grams[1]) ** 2) / 4 / len(STYLE)
    _, losses = objective(picture)
    assert losses["content"] == pytest.approx(content, rel=1e-4)
    assert losses["style"] == pytest.approx(expected, rel=1e-4)
    total = 2e-3 * content + 2 * expected + 3 * losses["tv"]
    assert losses["total"] == pytest.approx(total, rel=1e-4)
    assert tuple(losses) == LOSSES


def test_gradient_is_the_slope_of_the_total(objective, batch):
    picture = batch(16, 24, 2)
    gradient, _ = objective(picture)
    assert gradient.shape == picture.shape == objective.shape
    direction = gradient / np.linalg.norm(gradient)
    ahead, behind = (objective(picture + side * direction)[1]["total"] for side in (1, -1))
    assert (ahead - behind) / 2 == pytest.approx(np.linalg.norm(gradient), rel=0.01)


def test_nothing_is_computed_twice(objective, batch):
    for seed in range(3):
        objective(batch(16, 24, seed))
    assert objective.evaluations == 3
    assert objective._function.experimental_get_tracing_count() == 1
    used = operations_in_use(objective._function.get_concrete_function().graph)
    # block1_conv1, block1_conv2, block2_conv1: forward, and back to the pixels alone.
    assert used.count("Conv2D") == 3
    assert used.count("Conv2DBackpropInput") == 3
    assert used.count("Conv2DBackpropFilter") == 0


def operations_in_use(graph):
    """Types of the operations that the outputs depend on: the others are never run."""
    waiting, seen = [tensor.op for tensor in graph.outputs], {}
    while waiting:
        operation = waiting.pop()
        if operation.name not in seen:
            seen[operation.name] = operation.type
            waiting += [tensor.op for tensor in operation.inputs]
    return list(seen.values())


def test_what_is_not_finite_is_an_error(objective, batch):
    picture = batch(16, 24)
    picture[0, 3, 4, 1] = np.nan
    with pytest.raises(Diverged, match="the loss is nan"):
        objective(picture)
    assert issubclass(Diverged, ArithmeticError)


def test_xla_gives_the_same(network, batch):
    settings = Settings(content_layers=CONTENT, style_layers=STYLE, style_reduction="sum")
    losses = settings.losses({CONTENT[0]: 1}, 1)
    loss = PerceptualLoss(network, batch(12, 12, 5), losses)
    picture = batch(12, 16, 2)
    (plain, value), (fused, other) = (
        Objective(loss, batch(12, 16, 1), jit_compile=flag)(picture) for flag in (False, True)
    )
    assert other == pytest.approx(value, rel=1e-4)
    np.testing.assert_allclose(fused, plain, rtol=0, atol=1e-3 * np.abs(plain).max())
