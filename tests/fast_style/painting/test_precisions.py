"""Which precision a name stands for, and what it does to a picture."""

import numpy as np
import pytest

from fast_style import Stylizer, images
from fast_style.painting import openvino_devices, precisions
from tests.conftest import ROOT

PREFIX = ROOT / "checkpoints" / "ckpt-done"


def test_auto_is_bfloat16_where_that_is_faster(monkeypatch):
    for faster, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(
            openvino_devices, "multiplies_bfloat16_faster", lambda faster=faster: faster
        )
        assert precisions.choose("auto", "openvino") == expected


def test_auto_is_float16_on_a_gpu(monkeypatch):
    import tensorflow as tf

    for devices, expected in ((["a GPU"], "float16"), ([], "float32")):
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda _, found=devices: found)
        assert precisions.choose("auto", "tensorflow") == expected


def test_what_a_processor_runtime_or_network_has_not_is_refused(monkeypatch):
    monkeypatch.setattr(openvino_devices, "computes", lambda _: False)
    with pytest.raises(ValueError, match="bfloat16: this processor"):
        precisions.choose("bfloat16", "openvino")
    with pytest.raises(ValueError, match="int8 is OpenVINO's"):
        precisions.choose("int8", "tensorflow")
    with pytest.raises(ValueError, match="`precision` must be one of auto, float32"):
        precisions.choose("float64", "openvino")
    for precision in ("bfloat16", "int8"):
        with pytest.raises(ValueError, match="is for style only"):
            precisions.choose(precision, "tensorflow", "super_resolution")
    assert precisions.choose("auto", "tensorflow", "super_resolution") == "float32"


def test_calibration_is_for_int8(prefix, tmp_path):
    with pytest.raises(ValueError, match="`calibration` is for"):
        Stylizer.load(prefix, precision="float32", calibration=str(tmp_path))


@pytest.mark.parametrize("runtime", ["openvino", "tensorflow"])
@pytest.mark.parametrize("tile", [0, 48])
def test_bfloat16_is_near_float32(runtime, tile):
    if runtime == "openvino" and not openvino_devices.computes("BF16"):
        pytest.skip("this processor does not compute bfloat16")
    photo = images.fit(images.read(ROOT / "img" / "test.jpg"), 96)
    half, whole = (
        Stylizer.load(PREFIX, runtime=runtime, precision=precision, tile=tile)
        for precision in ("bfloat16", "float32")
    )
    assert half.runtime.precision == "bfloat16"
    distance = np.abs(half(photo).astype(int) - whole(photo))
    assert 0.01 < distance.mean() < 0.5
    assert distance.max() < 12
