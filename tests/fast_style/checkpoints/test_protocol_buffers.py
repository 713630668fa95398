"""Messages on the wire, as the documentation of protocol buffers writes them."""

import pytest

from fast_style.checkpoints.protocol_buffers import (
    BYTES,
    FOUR_BYTES,
    TEXT,
    VARINT,
    fields,
    signed,
    varint,
)


def test_the_examples_of_the_documentation():
    assert varint(b"\x96\x01", 0) == (150, 2)
    assert fields(b"\x08\x96\x01", {1: VARINT}) == {1: 150}
    assert fields(b"\x12\x07testing", {2: BYTES}) == {2: b"testing"}
    assert varint(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0) == ((1 << 64) - 2, 10)
    assert signed((1 << 64) - 2) == -2


def test_repeated_fields_are_lists_and_unknown_ones_are_passed_over():
    message = b"\x12\x01a" + b"\x30\x05" + b"\x12\x01b" + b"\x1d\x01\x00\x00\x00"
    assert fields(message, {3: FOUR_BYTES}, {2: BYTES}) == {2: [b"a", b"b"], 3: 1}
    assert fields(b"", {1: VARINT}, {2: BYTES}) == {2: []}


@pytest.mark.parametrize(
    "message",
    [
        b"\x08",  # no value
        b"\x08\x80",  # a number without an end
        b"\x08" + b"\xff" * 9 + b"\x02",  # 65 bits
        b"\x08" + b"\x80" * 10 + b"\x01",  # 11 bytes
        b"\x12\x05abc",  # shorter than its length
        b"\x12" + b"\xff" * 9 + b"\x01",  # longer than any memory
        b"\x1d\x01\x00",  # of four bytes
        b"\x0a\x01a",  # of another type
        b"\x10\x01",
        b"\x0b\x0c",  # a group
        b"\x0f",
        b"\x08\x01\x08\x02",  # twice
        b"\x00\x01",  # field 0
        b"\x88\x80\x80\x80\x80\x00\x01",  # a tag of six bytes
        b"\x22\x01\xff",  # no UTF-8
    ],
)
def test_what_is_ambiguous_or_cut_off_is_refused(message):
    with pytest.raises(ValueError):
        fields(message, {1: VARINT, 2: BYTES, 3: FOUR_BYTES, 4: TEXT})
