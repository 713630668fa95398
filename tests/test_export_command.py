"""python -m fast_style.export and .convert as a user runs them."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fast_style import images
from fast_style.painting.stylizer import Stylizer
from tests.foreign_files import example_arrays, write_torch
from tests.scripts import assert_one_line_error, run_script


def run(module, *arguments, cwd):
    return run_script(f"fast_style.{module}", *arguments, cwd=cwd)


def test_a_savedmodel_is_exported_and_run_by_tensorflows_own_tool(prefix, photo, tmp_path):
    process = run("export", prefix, "exported/wave", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert process.stdout.startswith("exported/wave/1: savedmodel, ")
    images.save(tmp_path / "photo.png", photo())
    data = (tmp_path / "photo.png").read_bytes()
    np.save(tmp_path / "request.npy", np.array([data], object), allow_pickle=True)
    tool = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    command = [tool, "run", "--dir", "exported/wave/1", "--tag_set", "serve"]
    command += ["--signature_def", "serving_default", "--inputs", "image_bytes=request.npy"]
    command += ["--outdir", "out"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    answer = np.load(tmp_path / "out" / "stylized_bytes.npy", allow_pickle=True)[0]
    painted = images.decode(answer).rgb.astype(int)
    assert np.abs(painted - Stylizer.load(prefix)(photo())).max() <= 1


def test_tflite_with_options(prefix, tmp_path):
    process = run(
        "export",
        prefix,
        "phone",
        "--format=tflite",
        "--quantize=int8",
        "--size=32x48",
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    card = (tmp_path / "phone" / "1" / "MODEL_CARD.md").read_text()
    assert "| numbers | int8 |" in card
    assert "| height x width | 32 x 48 |" in card


def test_a_converted_network_is_painted_with(photo, tmp_path):
    write_torch(tmp_path / "mosaic.pth", example_arrays(), "legacy")
    process = run("convert", "mosaic.pth", "checkpoints/mosaic", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert "checkpoints/mosaic: pytorch/examples" in process.stdout
    images.save(tmp_path / "photo.png", photo())
    process = run_script("eval.py", "photo.png", "checkpoints/mosaic", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert images.read(tmp_path / "generated" / "res.jpg").shape == photo().shape


def test_a_users_mistake_is_one_line(prefix, tmp_path):
    (tmp_path / "bad.pth").write_bytes(b"\x80\x02cos\nsystem\n(X\x04\x00\x00\x00exittR.")
    (tmp_path / "file").touch()
    for module, arguments, word in (
        ("export", ["nowhere", "out"], "nowhere: no such checkpoint"),
        ("export", [prefix, "file"], "is a file"),
        ("export", [prefix, "out", "--sample=photo.jpg"], "photo.jpg: no such file"),
        ("convert", ["bad.pth", "out"], "bad.pth: calls os.system"),
    ):
        assert_one_line_error(run(module, *arguments, cwd=tmp_path), word)
    assert sorted(os.listdir(tmp_path)) == ["bad.pth", "file"]


@pytest.mark.parametrize("module", ["export", "convert"])
def test_wrong_usage_ends_with_2(module, tmp_path):
    last = {"export": "--size=large", "convert": "--no_such_flag"}[module]
    for arguments in (["one"], ["one", "two", last]):
        process = run(module, *arguments, cwd=tmp_path)
        assert process.returncode == 2
        assert "Traceback" not in process.stderr
        assert "--help" in process.stderr
