import inspect

import keras
import numpy as np
import pytest

from fast_style.training.optimizer import Adam, Muon, orthogonalize


def gradients(shape, steps=3):
    return np.random.default_rng(0).normal(size=(steps, *shape)).astype(np.float32)


def moved(optimizer, start, gradients):
    """Where the optimizer takes a variable that begins at `start`."""
    variable = keras.Variable(start)
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return keras.ops.convert_to_numpy(variable)


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (5, 5)])
def test_orthogonal_is_a_matrix_with_its_directions_and_equal_lengths(shape):
    u, values, v = np.linalg.svd(gradients(shape)[0], full_matrices=False)
    assert values[0] / values[-1] > 1.5
    found = keras.ops.convert_to_numpy(orthogonalize((u * values) @ v))
    lengths = u.T @ found @ v.T
    np.testing.assert_allclose(lengths, np.diag(np.diag(lengths)), atol=1e-4)
    np.testing.assert_allclose(np.diag(lengths), 1, atol=0.35)


def test_of_no_gradient_comes_no_update():
    start = np.ones((3, 3, 2, 4), np.float32)
    np.testing.assert_array_equal(moved(Muon(0.1), start, np.zeros((2, 3, 3, 2, 4), "f")), start)


@pytest.mark.skipif(
    "rms_rate" not in inspect.signature(keras.optimizers.Muon).parameters,
    reason="the Muon of this Keras scales its steps in another way",
)
@pytest.mark.parametrize("shape", [(3, 3, 2, 4), (1, 1, 3, 8)])
def test_kernels_move_as_matrices_do_with_keras_s_muon(shape):
    matrix = (np.prod(shape[:3]), shape[3])
    steps = gradients(shape)
    start = np.zeros(shape, np.float32)
    reference = keras.optimizers.Muon(0.01, weight_decay=0, adam_weight_decay=0, rms_rate=0.2)
    expected = moved(reference, start.reshape(matrix), steps.reshape(-1, *matrix))
    np.testing.assert_allclose(
        moved(Muon(0.01), start, steps), expected.reshape(shape), rtol=1e-4, atol=1e-6
    )


def test_other_weights_move_as_with_adam():
    start, steps = np.zeros(6, np.float32), gradients((6,))
    np.testing.assert_array_equal(
        moved(Muon(0.01), start, steps), moved(keras.optimizers.Adam(0.01), start, steps)
    )


def test_muon_can_be_made_again_from_its_configuration():
    optimizer = Muon(0.01, momentum=0.9)
    again = Muon.from_config(optimizer.get_config())
    assert again.momentum == 0.9
    assert float(again.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize("make", [Adam, Muon])
def test_rows_without_a_gradient_stay_bit_by_bit(make):
    start = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32)
    steps = gradients((3, 5), 4)
    steps[1:, 1] = 0  # moved once, then left alone: averages of before must not move it on
    steps[:, 2] = 0
    after_one, after_all = (moved(make(0.1), start, steps[:count]) for count in (1, 4))
    np.testing.assert_array_equal(after_all[1], after_one[1])
    np.testing.assert_array_equal(after_all[2], start[2])
    assert (after_all[0] != after_one[0]).all()
    whole = moved(keras.optimizers.Adam(0.1), start, steps)
    np.testing.assert_array_equal(after_all[0], whole[0])
