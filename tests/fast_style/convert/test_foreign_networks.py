"""Foreign networks against what they compute, written down a second time in NumPy."""

import tracemalloc

import numpy as np
import pytest

from fast_style.convert.foreign_networks import ForeignNetworkError, recognize
from tests.foreign_files import example_arrays, plain_arrays


def convolve(x, kernel, bias, stride=1, mode="constant"):
    """Cross-correlation of [C, H, W] with [O, C, k, k], padded by (k - 1) // 2, in float64."""
    size = kernel.shape[-1]
    border = (size - 1) // 2
    x = np.pad(x, [(0, 0), (border, border), (border, border)], mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    return np.einsum("chwij,ocij->ohw", windows, kernel) + bias[:, None, None]


def transpose_convolve(x, kernel, bias, stride, before, length):
    """Every input pixel adds its kernel [C, O, k, k] at stride * its place, minus `before`."""
    _, filters, size, _ = kernel.shape
    _, height, width = x.shape
    full = np.zeros((filters, stride * height + size, stride * width + size))
    for i in range(height):
        for j in range(width):
            part = np.einsum("c,coij->oij", x[:, i, j], kernel)
            full[:, stride * i : stride * i + size, stride * j : stride * j + size] += part
    kept = (slice(None), *(slice(before, before + n) for n in length))
    return full[kept] + bias[:, None, None]


def relu(x):
    return np.maximum(x, 0)


def run_plain(a, blocks, photo, before=1):
    """The network c1 .. d3 on BGR, PyTorch's order of axes; returns BGR."""

    def layer(x, name, **options):
        return convolve(x, a[f"{name}.weight"], a[f"{name}.bias"], **options)

    def up(x, name):
        size = [2 * n for n in x.shape[1:]]
        return relu(transpose_convolve(x, a[f"{name}.weight"], a[f"{name}.bias"], 2, before, size))

    x = photo[..., ::-1].transpose(2, 0, 1).astype("float64")
    x = relu(layer(x, "c1"))
    x = relu(layer(x, "c2", stride=2))
    x = relu(layer(x, "c3", stride=2))
    for i in range(1, blocks + 1):
        x = x + layer(relu(layer(x, f"r{i}.c1")), f"r{i}.c2")
    x = up(up(x, "d1"), "d2")
    if a["d3.weight"].shape[0] == 3:
        y = layer(x, "d3")
    else:
        y = transpose_convolve(x, a["d3.weight"], a["d3.bias"], 1, 4, x.shape[1:])
    return y.transpose(1, 2, 0)[..., ::-1]


def painted(network, photo):
    return np.array(network(photo[None].astype("float32")))[0]


def assert_equal_to(painted, expected):
    np.testing.assert_allclose(painted, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("strided", [3, 4])
@pytest.mark.parametrize("blocks", [5, 2])
def test_the_network_without_normalization(photo, strided, blocks):
    arrays = plain_arrays(blocks=blocks, strided=strided)
    network = recognize(arrays).network
    assert network.strided_kernel == strided
    assert (network.width, network.residual_blocks) == (4, blocks)
    assert_equal_to(painted(network, photo()), run_plain(arrays, blocks, photo()))


def test_a_last_layer_that_is_a_plain_convolution(photo):
    arrays = plain_arrays(blocks=1)
    arrays["d3.weight"] = arrays["d3.weight"].transpose(1, 0, 2, 3).copy()
    assert_equal_to(painted(recognize(arrays).network, photo()), run_plain(arrays, 1, photo()))


@pytest.mark.parametrize("plain_last", [False, True])
@pytest.mark.parametrize("strided", [3, 4])
def test_kernels_in_tensorflows_order(photo, strided, plain_last):
    """TensorFlow itself runs them, padding as it does ("SAME")."""
    tf = pytest.importorskip("tensorflow")
    arrays = {
        name: value.transpose(2, 3, 1, 0) if value.ndim == 4 else value
        for name, value in plain_arrays(blocks=1, strided=strided).items()
    }
    if plain_last:
        arrays["d3.weight"] = arrays["d3.weight"].transpose(0, 1, 3, 2)

    def layer(x, name, stride=1):
        return tf.nn.conv2d(x, arrays[f"{name}.weight"], stride, "SAME") + arrays[f"{name}.bias"]

    def up(x, name, stride):
        kernel = arrays[f"{name}.weight"]
        shape = [1, stride * x.shape[1], stride * x.shape[2], kernel.shape[2]]
        return tf.nn.conv2d_transpose(x, kernel, shape, stride, "SAME") + arrays[f"{name}.bias"]

    x = photo()[None, ..., ::-1].astype("float32")
    x = tf.nn.relu(layer(x, "c1"))
    x = tf.nn.relu(layer(tf.nn.relu(layer(x, "c2", 2)), "c3", 2))
    x = x + layer(tf.nn.relu(layer(x, "r1.c1")), "r1.c2")
    x = tf.nn.relu(up(tf.nn.relu(up(x, "d1", 2)), "d2", 2))
    y = layer(x, "d3") if plain_last else up(x, "d3", 1)
    assert_equal_to(painted(recognize(arrays).network, photo()), y.numpy()[0, ..., ::-1])


def test_the_order_of_colours_is_an_option(photo):
    arrays = plain_arrays(blocks=1)
    bgr, rgb = (recognize(arrays, order).network for order in ("bgr", "rgb"))
    there = painted(rgb, photo()[..., ::-1])
    assert_equal_to(painted(bgr, photo()), there[..., ::-1])
    with pytest.raises(ValueError, match="`order` must be one of bgr, rgb"):
        recognize(arrays, "grb")


def run_example(a, blocks, photo):
    """PyTorch's example by its definition: reflection, instance normalization, nearest."""

    def layer(x, name, norm, stride=1):
        kernel, bias = a[f"{name}.conv2d.weight"], a[f"{name}.conv2d.bias"]
        x = convolve(x, kernel, bias, stride, "reflect")
        if norm is None:
            return x
        mean = x.mean(axis=(1, 2), keepdims=True)
        x = (x - mean) / np.sqrt(x.var(axis=(1, 2), keepdims=True) + 1e-5)
        return x * a[f"{norm}.weight"][:, None, None] + a[f"{norm}.bias"][:, None, None]

    def twice(x):
        return x.repeat(2, axis=1).repeat(2, axis=2)

    x = photo.transpose(2, 0, 1).astype("float64")
    x = relu(layer(x, "conv1", "in1"))
    x = relu(layer(x, "conv2", "in2", stride=2))
    x = relu(layer(x, "conv3", "in3", stride=2))
    for i in range(1, blocks + 1):
        y = relu(layer(x, f"res{i}.conv1", f"res{i}.in1"))
        x = x + layer(y, f"res{i}.conv2", f"res{i}.in2")
    x = relu(layer(twice(x), "deconv1", "in4"))
    x = relu(layer(twice(x), "deconv2", "in5"))
    return layer(x, "deconv3", None).transpose(1, 2, 0)


@pytest.mark.parametrize("width, blocks", [(4, 5), (6, 2)])
def test_pytorchs_example(photo, width, blocks):
    arrays = example_arrays(width, blocks)
    foreign = recognize(arrays)
    assert foreign.kind == "pytorch/examples fast_neural_style"
    assert_equal_to(painted(foreign.network, photo()), run_example(arrays, blocks, photo()))


def test_statistics_that_old_files_hold_are_ignored(photo):
    arrays = example_arrays(blocks=1)
    expected = painted(recognize(arrays).network, photo())
    for name in ("in1", "res1.in2", "in5"):
        arrays[f"{name}.running_mean"] = np.full(4, 7.0, np.float32)
        arrays[f"{name}.running_var"] = np.full(4, 7.0, np.float32)
        arrays[f"{name}.num_batches_tracked"] = np.array(3, np.int64)
    np.testing.assert_array_equal(painted(recognize(arrays).network, photo()), expected)


@pytest.mark.parametrize("start", ["module.", "netG.module."])
@pytest.mark.parametrize("make", [example_arrays, plain_arrays])
def test_what_comes_before_all_names_is_left_out(photo, start, make):
    arrays = make(blocks=2)
    expected = painted(recognize(arrays).network, photo())
    below = {f"{start}{name}": value for name, value in arrays.items()}
    np.testing.assert_array_equal(painted(recognize(below).network, photo()), expected)


def test_a_network_beside_others_in_one_file_is_not_guessed():
    below = {f"module.{name}": value for name, value in example_arrays(blocks=1).items()}
    with pytest.raises(ForeignNetworkError, match=r"neither conv1\.conv2d\.weight"):
        recognize({**below, "discriminator.weight": np.ones(3, "f4")})


def test_no_network_is_made_of_a_name_alone():
    """A first kernel and the name of a 64th block claim a network of 9,700,000,000 bytes."""
    arrays = {"conv1.conv2d.weight": np.ones((512, 3, 9, 9), "f4"), "res64.": np.ones(1, "f4")}
    tracemalloc.start()
    with pytest.raises(ForeignNetworkError, match="'conv1.conv2d.bias' is missing"):
        recognize(arrays)
    assert tracemalloc.get_traced_memory()[1] < 10 * arrays["conv1.conv2d.weight"].nbytes
    tracemalloc.stop()


# What does not fit is named


def changed(arrays, name, value):
    arrays = dict(arrays)
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    return arrays


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("conv2.conv2d.bias", None, "'conv2.conv2d.bias' is missing"),
        ("in3.weight", np.ones(5, "f4"), r"'in3.weight' .* shape \[16\]; received float32 \[5\]"),
        ("res2.conv1.conv2d.weight", np.ones(16, "f4"), r"'res2.conv1.conv2d.weight' .*\[16\]"),
        ("conv1.conv2d.weight", np.ones(3, "f4"), "'conv1.conv2d.weight': width 0"),
        ("conv1.conv2d.weight", np.ones((600, 1, 1, 1), "f4"), "width 600, 1 to 512"),
        ("conv1.conv2d.bias", np.ones(4, "i4"), "'conv1.conv2d.bias' .* received int32"),
        ("conv1.conv2d.bias", np.full(4, np.nan, "f4"), "'conv1.conv2d.bias' holds NaN"),
        ("conv1.conv2d.bias", np.full(4, 1e300), "'conv1.conv2d.bias' holds NaN or infinite"),
        ("res4.in1.bias", np.ones(16, "f4"), "'res3.conv1.conv2d.weight' is missing"),
        ("res99.in1.bias", np.ones(16, "f4"), "99 residual blocks, 64 at most"),
        ("head.weight", np.ones(1, "f4"), "'head.weight' does not belong to this kind"),
    ],
)
def test_the_first_array_of_an_example_that_does_not_fit_is_named(name, value, message):
    with pytest.raises(ForeignNetworkError, match=message):
        recognize(changed(example_arrays(blocks=2), name, value))


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("c1.weight", np.ones((4, 3, 7, 7), "f4"), r"'c1.weight' .* received \[4, 3, 7, 7\]"),
        ("c2.weight", np.ones((8, 4, 5, 5), "f4"), r"'c2.weight' .*\[8, 4, 3, 3\]; .*5, 5\]"),
        ("c2.weight", np.ones((), "f4"), r"'c2.weight' .*received float32 \[\]"),
        ("d1.weight", np.ones((8, 16, 3, 3), "f4"), r"'d1.weight' .*\[16, 8, 3, 3\]"),
        ("d3.weight", np.ones((4, 3, 3, 3), "f4"), r"'d3.weight' .* or "),
        ("r2.c2.bias", None, "'r2.c2.bias' is missing"),
        ("b1.gamma", np.ones(4, "f4"), "'b1.gamma' does not belong to this kind"),
    ],
)
def test_the_first_array_of_a_plain_network_that_does_not_fit_is_named(name, value, message):
    with pytest.raises(ForeignNetworkError, match=message):
        recognize(changed(plain_arrays(blocks=2), name, value))


def test_anything_but_a_network_is_refused():
    with pytest.raises(ForeignNetworkError, match="its first array is 'layer1.weight'"):
        recognize({"layer1.weight": np.ones(3, "f4")})
    with pytest.raises(ForeignNetworkError, match="no arrays"):
        recognize({})
