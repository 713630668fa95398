"""The graph for browsers computes what the network does, with operations that WebGPU has."""

import numpy as np
import pytest

from fast_style import Stylizer
from fast_style.checkpoints import store, tensor_bundle
from fast_style.networks.transform_net import TransformNet
from tests.checks import make_painter, randomize

onnx_graph = pytest.importorskip("fast_style.web.onnx_graph", reason="needs the extra export")
onnxruntime = pytest.importorskip("onnxruntime")


def run(model, image, styles=None):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    inputs = {"pixels": image.transpose(2, 0, 1)[None].astype(np.float32)}
    if styles is not None:
        inputs["styles"] = np.float32([styles])
    painted = session.run(None, inputs)[0]
    assert painted.shape == inputs["pixels"].shape
    return painted[0].transpose(1, 2, 0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": "zero"},
        {"normalization": "batch"},
        {"normalization": "none"},
        {"upsampling": "transpose"},
        {"upsampling": "transpose", "strided_kernel": 4, "padding": "zero"},
        {"output": "tanh"},
    ],
)
def test_every_kind_of_network(options, photo, tmp_path):
    store.save_network(make_painter(**options), tmp_path / "network", {})
    architecture, arrays, _ = tensor_bundle.load(tmp_path / "network")
    image = photo(32, 48)
    expected = Stylizer.load(tmp_path / "network", runtime="openvino")(image).astype(float)
    assert np.abs(run(onnx_graph.build(architecture, arrays), image) - expected).max() <= 1


def test_blending_by_an_input(gallery, photo):
    architecture, arrays, _ = tensor_bundle.load(gallery)
    image = photo(32, 48)
    style = "wave:1,mondrian:3"
    expected = Stylizer.load(gallery, runtime="openvino", style=style)(image).astype(float)
    found = run(onnx_graph.build(architecture, arrays), image, [0.25, 0, 0.75])
    assert np.abs(found - expected).max() <= 1


def test_smaller_files_paint_nearly_the_same(photo, tmp_path):
    network = TransformNet(width=16, residual_blocks=1)
    network.build()
    store.save_network(randomize(network, scale=0.1), tmp_path / "network", {})
    architecture, arrays, _ = tensor_bundle.load(tmp_path / "network")
    sizes, image = [], photo(32, 48)
    expected = run(onnx_graph.build(architecture, arrays), image)
    for precision in onnx_graph.PRECISIONS:
        model = onnx_graph.build(architecture, arrays, precision)
        sizes.append(model.ByteSize())
        assert np.abs(run(model, image) - expected).mean() < 3
    assert sizes[0] < sizes[1] / 1.7 < sizes[2] / 3.2


def test_nothing_is_computed_from_shapes(gallery):
    architecture, arrays, _ = tensor_bundle.load(gallery)
    model = onnx_graph.build(architecture, arrays, "int8")
    constants = {constant.name for constant in model.graph.initializer}
    for node in model.graph.node:
        assert node.op_type not in ("Shape", "If", "Loop", "NonZero", "Resize", "Slice")
        if node.op_type in ("Pad", "Reshape"):
            assert node.input[1] in constants
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("InstanceNormalization") == 7
