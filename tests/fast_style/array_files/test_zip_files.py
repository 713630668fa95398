"""Archives of strangers: only members that are stored as they are, few of them, each once."""

import io
import tracemalloc
import warnings
import zipfile

import pytest

from fast_style.array_files import zip_files
from fast_style.array_files.zip_files import UnsafeZip


def archive(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        with zipfile.ZipFile(stream, "w", compression) as made:
            for name, data in members:
                made.writestr(name, data)
    return stream


def test_stored_members_can_be_read():
    with zip_files.opened(archive([("a", b"one"), ("b", b"two")])) as (opened, members):
        zip_files.check_stored(members["b"], 3)
        assert opened.read(members["b"]) == b"two"
        assert list(members) == ["a", "b"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_bomb_is_refused_before_it_is_unpacked(compression):
    bomb = archive([("a", bytes(1 << 24))], compression)
    assert len(bomb.getvalue()) < 1 << 15
    with zip_files.opened(bomb) as (_, members), pytest.raises(UnsafeZip, match="is compressed"):
        zip_files.check_stored(members["a"], 1 << 30)


def test_a_member_over_the_limit_is_refused():
    stream = archive([("a", b"four")])
    with zip_files.opened(stream) as (_, members), pytest.raises(UnsafeZip, match="than 3 bytes"):
        zip_files.check_stored(members["a"], 3)


def test_a_member_that_claims_to_be_longer_than_stored_is_refused():
    data = bytearray(archive([("a", b"four")]).getvalue())
    place = data.index(b"PK\1\2") + 24  # of the size in the list of members
    data[place : place + 4] = (1 << 31).to_bytes(4, "little")
    with zip_files.opened(io.BytesIO(data)) as (_, members), pytest.raises(UnsafeZip):
        zip_files.check_stored(members["a"], 1 << 32)


def test_one_name_twice_is_refused():
    with (
        pytest.raises(UnsafeZip, match="twice"),
        zip_files.opened(archive([("a", b""), ("a", b"")])),
    ):
        pass


def test_a_long_list_of_members_is_refused_before_it_is_read():
    """100,000 members in 12 MB would be 60 MB of objects."""
    member = archive([("a" * 100, b"")]).getvalue()
    start, end = member.index(b"PK\1\2"), member.index(b"PK\5\6")
    entries = member[start:end] * 100_000
    tail = bytearray(member[end:])
    tail[12:16] = len(entries).to_bytes(4, "little")
    stream = io.BytesIO(member[:start] + entries + bytes(tail))
    tracemalloc.start()
    with pytest.raises(UnsafeZip, match="too long"), zip_files.opened(stream):
        pass
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_many_small_members_are_refused():
    listed = [(str(number), b"") for number in range(zip_files.MAX_MEMBERS + 1)]
    with pytest.raises(UnsafeZip, match="too many members"), zip_files.opened(archive(listed)):
        pass


def test_an_empty_archive_has_no_members():
    with zip_files.opened(io.BytesIO(b"PK\5\6" + bytes(18))) as (_, members):
        assert members == {}


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(data):
    with pytest.raises(UnsafeZip), zip_files.opened(io.BytesIO(data)):
        pass
