"""CRC-32C (Castagnoli), the checksum in TensorFlow's files, at NumPy's speed.

A checksum is linear in its data: the data is divided into lanes that are computed side by side, and
the lanes' results are combined.
"""

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78
# With more, large kernels take less time and biases take more.
_LANES = 2048
_SHORT = 2048  # bytes; up to this length a loop in Python is as fast
_ONES = 0xFFFFFFFF


def _table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


_TABLE = _table()
_NUMBERS = _TABLE.tolist()


def _after_zero(registers):
    """Registers (uint32) after a byte of zeros."""
    return _TABLE[registers & 255] ^ (registers >> 8)


# Of two bytes at a time.
_PAIRS = _after_zero(_after_zero(np.arange(65536, dtype=np.uint32)))


def masked(data):
    """The checksum of bytes in the masked form that files hold, an int."""
    value = checksum(data)
    return ((value >> 15 | value << 17 & _ONES) + 0xA282EAD8) & _ONES


def checksum(data):
    """The CRC-32C of bytes, an int."""
    if len(data) <= _SHORT:
        register = _ONES
        for byte in data:
            register = _NUMBERS[(register ^ byte) & 255] ^ (register >> 8)
        return register ^ _ONES
    data = np.frombuffer(data, np.uint8)
    length = -(-len(data) // (2 * _LANES))  # in pairs of bytes
    # Zeros before the data change nothing while the register is zero.
    lanes = np.zeros(2 * _LANES * length, np.uint8)
    lanes[lanes.size - len(data) :] = data
    pairs = np.ascontiguousarray(lanes.view("<u2").reshape(_LANES, length).T)
    registers = np.zeros(_LANES, np.uint32)
    for pair in pairs:
        registers = _PAIRS[(registers ^ pair) & 65535] ^ (registers >> 16)
    shift = _zeros(2 * length)
    while len(registers) > 1:
        registers = _apply(shift, registers[::2]) ^ registers[1::2]
        shift = _apply(shift, shift)
    start = _apply(_zeros(len(data)), np.uint32([_ONES]))
    return int(registers[0] ^ start[0]) ^ _ONES


@functools.lru_cache
def _zeros(count):
    """The linear map of a register by `count` zero bytes: uint32 `[32]`, the images of its bits."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    result, step = bits, _after_zero(bits)
    while count:
        if count & 1:
            result = _apply(step, result)
        step, count = _apply(step, step), count >> 1
    return result


def _apply(matrix, registers):
    """Applies a linear map, given by its images of the 32 bits, to registers (uint32)."""
    bits = registers[None] >> np.arange(32, dtype=np.uint32)[:, None] & np.uint32(1)
    return np.bitwise_xor.reduce(bits * matrix[:, None], axis=0)
