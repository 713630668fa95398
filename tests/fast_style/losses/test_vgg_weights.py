"""Files of a VGG that people have: written by Keras, by hand as Keras of old did, as PyTorch's."""

import zipfile

import h5py
import keras
import numpy as np
import pytest

from fast_style.losses import vgg_weights
from fast_style.losses.loss_network import LossNetwork
from fast_style.losses.preprocessing import CAFFE, CAFFE_RGB, TORCHVISION
from fast_style.losses.vgg_layers import expected
from tests import foreign_files

DEEPEST = "block5_conv3"
# Places of the convolutions in torchvision's `features`.
PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


@pytest.fixture(scope="module")
def vgg(random_vgg):
    return keras.applications.VGG16(include_top=False, weights=random_vgg, input_shape=(32, 32, 3))


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype("float32")


@pytest.fixture(scope="module")
def plain(random_vgg, image):
    return LossNetwork([DEEPEST], weights=random_vgg)(image)[DEEPEST]


def in_sequential(vgg):
    layers = keras.layers
    return keras.Sequential([vgg, layers.GlobalAveragePooling2D(), layers.Dense(2)])


def functional(vgg):
    head = keras.layers.Conv2D(4, 3, padding="same")(vgg.output)
    return keras.Model(vgg.input, keras.layers.Dense(2)(keras.layers.Flatten()(head)))


@pytest.mark.parametrize("ending", ["keras", "weights.h5", "h5"])
@pytest.mark.parametrize("make", [in_sequential, functional])
def test_a_fine_tuned_model_gives_the_features_of_its_vgg(
    vgg, plain, image, tmp_path, make, ending
):
    model = make(vgg)
    path = tmp_path / f"tuned.{ending}"
    (model.save_weights if ending == "weights.h5" else model.save)(path)
    features = LossNetwork([DEEPEST], weights=path)(image)[DEEPEST]
    path.unlink()  # 59 MB
    assert np.asarray(plain).max() > 1
    np.testing.assert_array_equal(features, plain)


# By hand. Constant layers compress to nothing: each is told by its value.


def write_layers(file, name, architecture="vgg16", **options):
    for value, (layer, shape) in enumerate(expected(architecture).items(), start=1):
        kernel, bias = name.format(layer, "W"), name.format(layer, "b")
        for path, size in ((kernel, (3, 3, *shape)), (bias, shape[1:])):
            data = np.full(size, options.get("value", value), "f4")
            file.create_dataset(path, data=data, compression="gzip")
    return file


def assert_in_order(path, architecture="vgg16"):
    weights = vgg_weights.read(path, architecture)
    assert list(weights.layers) == list(expected(architecture))
    for value, (kernel, bias) in enumerate(weights.layers.values(), start=1):
        assert (kernel == value).all() and (bias == value).all()
    return weights


def test_keras_own_file_with_top(tmp_path):
    path = tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    with h5py.File(path, "w") as file:
        write_layers(file, "{0}/{0}_{1}_1:0")
        # Of 411 MB, and never read.
        file.create_dataset("fc1/fc1_W_1:0", (25088, 4096), "f4", chunks=(1024, 1024))
        file.create_dataset("fc1/fc1_b_1:0", data=np.zeros(4096, "f4"))
        file.create_group("block1_pool")
        file.attrs["layer_names"] = [name.encode() for name in (*expected("vgg16"), "fc1")]
    assert assert_in_order(path).preprocessing == CAFFE


def test_moments_of_an_optimizer_are_left_alone(tmp_path):
    path = tmp_path / "tuned.h5"
    with h5py.File(path, "w") as file:
        write_layers(file, "model_weights/vgg16/{}/{}")
        write_layers(file, "optimizer_weights/adam/vgg16/{}/{}_momentum", value=99)
        file["optimizer_weights/adam/iteration"] = 3
    assert_in_order(path)


def test_vgg19_is_refused_for_vgg16_and_read_as_vgg19(tmp_path):
    path = tmp_path / "vgg19.h5"
    with h5py.File(path, "w") as file:
        write_layers(file, "{0}/{0}/{1}", "vgg19")
    with pytest.raises(ValueError, match="no weights of vgg16 .*those of vgg19") as caught:
        vgg_weights.read(path, "vgg16")
    assert str(path) in str(caught.value)
    assert_in_order(path, "vgg19")


# PyTorch


def state_dict(source):
    """What torchvision's vgg16 would hold, with the layers of a Keras model."""
    arrays = {}
    for place, name in zip(PLACES, expected("vgg16"), strict=True):
        kernel, bias = source.get_layer(name).get_weights()
        arrays[f"features.{place}.weight"] = kernel.transpose(3, 2, 0, 1)
        arrays[f"features.{place}.bias"] = bias
    arrays["classifier.6.weight"] = np.ones((10, 8), "f4")
    arrays["classifier.6.bias"] = np.ones(10, "f4")
    return arrays


@pytest.mark.parametrize("kind", ["legacy", "zip"])
def test_a_network_of_pytorch_sees_images_as_torchvision_prepares_them(
    vgg, image, tmp_path, kind, caplog
):
    path = foreign_files.write_torch(tmp_path / "vgg16-1.pth", state_dict(vgg), kind)
    with caplog.at_level("INFO", logger="absl"):
        network = LossNetwork(["block1_conv1", DEEPEST], weights=path)
    path.unlink()
    assert f"{path}: vgg16 takes RGB minus the ImageNet mean, divided by" in caplog.text
    normalized = (image / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    both = keras.Model(vgg.input, [vgg.get_layer(name).output for name in network.layer_names])
    # To the border: its zeros are of the normalized image.
    for name, wanted in zip(network.layer_names, both(np.float32(normalized)), strict=True):
        wanted, found = np.asarray(wanted), np.asarray(network(image)[name])
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 * wanted.max())


@pytest.mark.parametrize(
    "made, preprocessing",
    [("plain", TORCHVISION), ("caffe", CAFFE), ("caffe rgb", CAFFE_RGB), ("features", CAFFE_RGB)],
)
def test_weights_that_came_from_caffe_are_told(vgg, tmp_path, made, preprocessing):
    arrays = state_dict(vgg)
    if made.startswith("caffe"):
        bgr = np.float32((0.4295, 0.5504, 0.4800))
        arrays["features.0.bias"][:4] = (0.7343, 0.0934, 0.0678, 0.8863)
        arrays["features.0.weight"][0, :, 0, 0] = bgr if made == "caffe" else bgr[::-1]
    if made == "features":  # torchvision fills the classifier that it has not got so
        arrays["classifier.6.weight"][:] = arrays["classifier.6.bias"][:] = np.nan
    path = foreign_files.write_torch(tmp_path / "vgg16.pth", arrays, "zip")
    assert vgg_weights.read(path, "vgg16").preprocessing == preprocessing
    path.unlink()


# Mistakes


def small_archive(path, member, compression=zipfile.ZIP_STORED, data=bytes(1000)):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr(member, data)


def normalizing(path):
    arrays = {"features.0.weight": np.ones((64, 3, 3, 3)), "features.1.running_mean": np.ones(64)}
    foreign_files.write_torch(path, arrays, "zip")


def linked(path):
    with h5py.File(path, "w") as file:
        file["block1_conv1"] = h5py.ExternalLink("other.h5", "block1_conv1")


def never_written(path):
    with h5py.File(path, "w") as file:
        for layer, shape in expected("vgg16").items():
            file.create_dataset(f"{layer}/kernel", (3, 3, *shape), "f4", chunks=True)
            file.create_dataset(f"{layer}/bias", shape[1:], "f4", chunks=True)


@pytest.mark.parametrize(
    "write, reason",
    [
        (lambda path: path.write_text("no weights"), "neither a file of Keras nor of PyTorch"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99)), "damaged HDF5 file"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(99)), "damaged archive"),
        (lambda path: small_archive(path, "model.weights.h5"), "damaged HDF5 file"),
        (
            lambda path: small_archive(path, "model.weights.h5", zipfile.ZIP_DEFLATED),
            "is compressed",
        ),
        (lambda path: small_archive(path, "other"), "not a PyTorch archive"),
        (lambda path: path.write_bytes(b"\x80\x02cos\nsystem\n."), "."),
        (normalizing, "it normalizes batches between its convolutions"),
        (linked, "'block1_conv1' is a link"),
        (never_written, "that are missing"),
        (lambda path: h5py.File(path, "w").close(), "its 0 3x3 convolutions are not the 13"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(tmp_path, write, reason):
    path = tmp_path / "weights"
    write(path)
    with pytest.raises(ValueError, match=reason) as caught:
        vgg_weights.read(path, "vgg16")
    assert str(caught.value).startswith(f"{path}: no weights of vgg16 (")
    assert "\n" not in str(caught.value)


def test_a_cut_archive_is_refused(tmp_path):
    path = tmp_path / "tuned.keras"
    small_archive(path, "model.weights.h5", data=np.random.default_rng(0).bytes(1000))
    data = bytearray(path.read_bytes())
    data[500] ^= 1  # inside the member: its checksum does not fit
    path.write_bytes(data)
    with pytest.raises(ValueError, match="damaged archive"):
        vgg_weights.read(path, "vgg16")


def test_an_archive_that_is_too_large_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "tuned.keras"
    small_archive(path, "model.weights.h5")
    monkeypatch.setattr(vgg_weights, "MAX_ARCHIVE", 999)
    with pytest.raises(ValueError, match="larger than 999 bytes"):
        vgg_weights.read(path, "vgg16")


def test_a_folder_and_a_missing_file_are_oserrors(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a directory"):
        vgg_weights.read(tmp_path, "vgg16")
    with pytest.raises(FileNotFoundError, match="nowhere.pth: no such weights file"):
        vgg_weights.read(tmp_path / "nowhere.pth", "vgg16")
