import json
import subprocess
import sys

import pytest

from fast_style.training.distribution import Distribution
from tests.scripts import ROOT

CLUSTER = {"worker": ["localhost:1", "localhost:2"]}

# Two devices of one machine take the steps of one: the program prints the losses of both.
TWO_DEVICES = """
import sys
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from fast_style import images
from data.photos import Photos
from fast_style.training.distribution import Distribution
from fast_style.losses.loss_settings import LossSettings
from fast_style.training.settings import TrainingSettings
from fast_style.training.trainer import Trainer

rng = np.random.default_rng(0)
for number in range(3):
    images.save(f"photos/{number}.png", rng.integers(0, 256, (24, 32, 3), np.uint8))
style = rng.integers(0, 256, (24, 24, 3), np.uint8)
settings = TrainingSettings(
    steps=3, image_size=16, batch_size=4, style_size=0, vgg_weights=sys.argv[1],
    optimizer=sys.argv[2], network={"width": 4, "residual_blocks": 1},
    losses=LossSettings(
        content_layers=("block2_conv1",), style_layers=("block1_conv1",), stability_weight=100
    ),
)
two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for name, distribution in (("one", None), ("two", Distribution(two))):
    trainer = Trainer(
        settings, style, Photos("photos", 16, 4), checkpoint_dir=name, distribution=distribution,
        validation_images=[style], save_every=1,
    )
    trainer.run(lambda progress: print(progress.losses["total"]))
"""


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("muon", marks=pytest.mark.slow)])
def test_two_devices_take_the_steps_of_one(random_vgg, tmp_path, optimizer):
    process = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, str(random_vgg), optimizer],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    losses = [float(line) for line in process.stdout.split()]
    assert len(losses) == 6
    assert losses[3:] == pytest.approx(losses[:3], rel=1e-4)


def test_auto_without_a_cluster_or_gpus_is_one_device(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    distribution = Distribution.make()
    assert (distribution.strategy, distribution.worker, distribution.workers) == (None, 0, 1)
    assert distribution.chief
    alone = {"cluster": {"worker": ["localhost:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(alone))
    assert Distribution.make("auto").strategy is None


@pytest.mark.parametrize("config", ["", " ", "{}", '{"cluster": {}, "task": {}}'])
def test_a_tf_config_that_names_no_workers_is_one_worker(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    distribution = Distribution.make()
    assert (distribution.strategy, distribution.worker, distribution.workers) == (None, 0, 1)
    with pytest.raises(ValueError, match="multiworker needs the environment variable TF_CONFIG"):
        Distribution.make("multiworker")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", "TF_CONFIG is invalid"),
        ("[]", "TF_CONFIG is invalid"),
        ({"cluster": CLUSTER}, "'task' is missing"),
        ({"cluster": CLUSTER, "task": {"type": "worker", "index": 2}}, "there is no worker 2"),
        ({"cluster": CLUSTER, "task": {"type": "chief", "index": 0}}, "there is no chief 0"),
        ({"cluster": CLUSTER, "task": {"type": "ps", "index": 0}}, "'ps' is missing"),
        ({"cluster": 3, "task": {"type": "worker", "index": 0}}, "TF_CONFIG is invalid"),
    ],
)
def test_a_tf_config_that_cannot_be_used_is_refused(monkeypatch, config, words):
    monkeypatch.setenv("TF_CONFIG", config if isinstance(config, str) else json.dumps(config))
    for kind in ("auto", "multiworker"):
        with pytest.raises(ValueError, match=words):
            Distribution.make(kind)


def test_an_unknown_strategy_and_a_missing_tf_config_are_refused(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="`strategy` must be one of auto, one, mirrored"):
        Distribution.make("tpu")
    with pytest.raises(ValueError, match="multiworker needs the environment variable TF_CONFIG"):
        Distribution.make("multiworker")


class _TwoDevices(Distribution):
    def __init__(self):
        super().__init__()
        self.strategy = object()
        self.replicas = 2


class _Network:
    def __init__(self, non_trainable=()):
        self.non_trainable_variables = list(non_trainable)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, _Network(), False), "`batch_size` must be a multiple of 2, .*; received 3"),
        ((4, _Network(), True), "`jit_compile` is for one device"),
        ((4, _Network([1]), False), "`normalization` must not be batch on several devices"),
    ],
)
def test_what_several_devices_cannot_train_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        _TwoDevices().check(*arguments)
    Distribution().check(*arguments)
