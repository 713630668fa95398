"""Changes files at random, and the same way for the same seed."""

import pathlib
import struct

ODD = (0, 1, 2, 7, 127, 128, 255, 1 << 16, 1 << 31, (1 << 32) - 1, 1 << 40, 1 << 63, (1 << 64) - 1)


def replace(path, data):
    """Writes a file anew in its place, which is a thousand times as fast as emptying it first."""
    path = pathlib.Path(path)
    path.touch()
    with open(path, "r+b") as file:
        file.write(data)
        file.truncate()
    return path


def mutated(data, random):
    """Bytes with one to four changes: of bits, bytes, numbers of any width, places and lengths.

    Args:
        data: bytes.
        random: `random.Random`.
    """
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        place, width = random.randrange(len(data) + 1), random.choice((1, 2, 4, 8))
        other = random.randrange(len(data) + 1)
        match random.randrange(8):
            case 0:
                data[place : place + 1] = bytes([random.randrange(256)])
            case 1 if place < len(data):
                data[place] ^= 1 << random.randrange(8)
            case 2:
                number = random.choice((*ODD, len(data), other)) & (1 << 8 * width) - 1
                data[place : place + width] = number.to_bytes(width, "little")
            case 3:  # an address or a length of another place
                data[place : place + width] = data[other : other + width]
            case 4:
                data[place:place] = data[other : other + random.randrange(40)]
            case 5:
                del data[place : place + random.randrange(1, 9)]
            case 6 if random.random() < 0.2:
                del data[place:]
            case _:
                data[place:place] = random.randbytes(random.randrange(1, 6))
    return bytes(data)


def addresses(data):
    """Places of 8 bytes in a file that hold a number within it, a multiple of 8."""
    numbers = ((place, *struct.unpack_from("<Q", data, place)) for place in range(len(data) - 7))
    return [place for place, number in numbers if 8 <= number < len(data) and number % 8 == 0]


def misdirected(data, places, random):
    """A file in which some addresses are those of other parts, or a little beside."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3))):
        target = struct.unpack_from("<Q", data, random.choice(places))[0]
        number = random.choice((target, random.choice(places) & ~7, target + 8, *ODD[:1]))
        struct.pack_into("<Q", data, random.choice(places), number & (1 << 64) - 1)
    return bytes(data)
