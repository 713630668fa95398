"""Protocol buffers on the wire: just enough to read TensorFlow's, which may be hostile.

What TensorFlow's own parser refuses (which ends the whole process) or could read in another way (a
field given twice, or of another type) is refused here, so that both always see the same.
"""

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
"""The types of fields on the wire."""
TEXT = -1
"""The type of fields of bytes that are UTF-8."""
_MAX = 1 << 64
_LONGEST = (1 << 31) - 1  # bytes of a field
_HEAD = 5  # bytes of a tag, or of a length


def varint(data, place):
    """Reads a number in base 128.

    Args:
        data: bytes.
        place: int, where it begins.

    Returns:
        int from 0 to 2^64 - 1, and the place after it.

    Raises:
        ValueError: it is cut off, or larger.
    """
    value = shift = 0
    for end in range(place, min(place + 10, len(data))):
        byte = data[end]
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            if value >= _MAX:
                break
            return value, end + 1
    raise ValueError("a number is cut off or of more than 64 bits")


def signed(value):
    """A number from `varint` as int64, which may be negative."""
    return value - _MAX if value >= _MAX >> 1 else value


def fields(message, single, repeated=None):
    """Reads the fields of a message.

    Args:
        message: bytes.
        single: dict from the number of each field that may appear once to its type, one of those
            above.
        repeated: such a dict of fields that may appear several times, or None. Fields that neither
            names are passed over.

    Returns:
        dict from number to int (bytes of a field of type `BYTES`, str of `TEXT`), of repeated
        fields a list.

    Raises:
        ValueError: it is cut off, a field has another type, or appears too often.
    """
    repeated = repeated or {}
    found, place = {number: [] for number in repeated}, 0
    while place < len(message):
        tag, place = _head(message, place)
        number, kind = tag >> 3, tag & 7
        if number in found and number not in repeated:
            raise ValueError(f"field {number} appears twice")
        if not number or kind not in (VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES):
            raise ValueError(f"field {number} is of type {kind}")
        wanted = single.get(number, repeated.get(number, kind))
        if kind != (BYTES if wanted == TEXT else wanted):
            raise ValueError(f"field {number} is of type {kind}")
        value, place = _value(message, place, kind)
        if wanted == TEXT:
            value = value.decode()  # UnicodeDecodeError is a ValueError
        if number in repeated:
            found[number].append(value)
        elif number in single:
            found[number] = value
    return found


def _head(message, place):
    """A tag or a length, and the place after it."""
    value, end = varint(message, place)
    if value > _LONGEST or end - place > _HEAD:
        raise ValueError("a tag or a length is too large")
    return value, end


def _value(message, place, kind):
    """The value of a field, and the place after it."""
    if kind == VARINT:
        return varint(message, place)
    size = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind)
    if size is None:
        size, place = _head(message, place)
    value = message[place : place + size]
    if len(value) != size:
        raise ValueError("a field is cut off")
    return value if kind == BYTES else int.from_bytes(value, "little"), place + size
