"""Standard input and pipes as files."""

import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

from fast_style import images
from fast_style.commands import streams
from tests.scripts import ROOT


@pytest.fixture
def standard_input():
    """Puts bytes, or a file descriptor, in the place of standard input."""
    kept = os.dup(0)

    def give(content):
        if isinstance(content, bytes):
            data, (content, end) = content, os.pipe()
            os.write(end, data)
            os.close(end)
        os.dup2(content, 0)
        os.close(content)

    yield give
    os.dup2(kept, 0)
    os.close(kept)


@pytest.fixture
def picture(tmp_path, photo):
    images.save(tmp_path / "photo.png", photo())
    return (tmp_path / "photo.png").read_bytes()


def test_standard_input_becomes_a_file_that_is_removed(standard_input, picture, photo):
    standard_input(picture)
    with streams.Streams() as pipes:
        path = pipes.receive("-")
        assert os.path.basename(path) == "stdin.png"
        np.testing.assert_array_equal(images.read(path), photo())
        assert pipes.names[path] == "standard input"
    assert not os.path.exists(path)


@pytest.mark.parametrize("format", ["jpg", "webp", "tif", "jp2"])
def test_the_contents_tell_the_format(standard_input, tmp_path, photo, format):
    images.save(tmp_path / f"photo.{format}", photo())
    standard_input((tmp_path / f"photo.{format}").read_bytes())
    with streams.Streams() as pipes:
        suffix = os.path.splitext(pipes.receive("-"))[1]
    assert suffix.replace("tiff", "tif") == f".{format}"


def test_a_named_pipe_becomes_a_file(tmp_path, picture, photo):
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    assert streams.is_stream(pipe)
    writer = threading.Thread(target=pathlib.Path(pipe).write_bytes, args=[picture])
    writer.start()
    with streams.Streams() as pipes:
        np.testing.assert_array_equal(images.read(pipes.receive(pipe)), photo())
    writer.join()


def test_what_is_no_picture_is_one_line(standard_input):
    with streams.Streams() as pipes:
        standard_input(b"")
        with pytest.raises(ValueError, match="standard input: is empty"):
            pipes.receive("-")
        standard_input(b"x" * 1000)
        assert os.path.basename(pipes.receive("-")) == "stdin"


def test_no_more_is_read_than_an_image_may_take(standard_input, monkeypatch):
    monkeypatch.setattr(streams, "_MORE_BYTES", 0)
    standard_input(b"x" * 801)
    with streams.Streams() as pipes:
        with pytest.raises(ValueError, match="standard input: more than 800 bytes"):
            pipes.receive("-", max_pixels=100)
        standard_input(b"x" * 800)
        assert os.path.getsize(pipes.receive("-", max_pixels=100)) == 800


def test_a_terminal_is_no_picture(standard_input):
    pty = pytest.importorskip("pty")
    main, terminal = pty.openpty()
    standard_input(terminal)
    with streams.Streams() as pipes, pytest.raises(ValueError, match="is a terminal"):
        pipes.receive("-")
    os.close(main)


def test_files_and_folders_are_no_streams(tmp_path):
    (tmp_path / "file").touch()
    for path in ("file", "missing", "."):
        assert not streams.is_stream(str(tmp_path / path))
    assert streams.is_stream("-")
    assert streams.is_stream(os.devnull)


def test_standard_output_is_kept_for_one_purpose(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdout", os.fdopen(1, "w", closefd=False))
    with streams.standard_output() as stream:
        print("a message")
        os.write(1, b"of C++\n")
        stream.write(b"result\n")
    print("afterwards", flush=True)
    output, errors = capfd.readouterr()
    assert output == "result\nafterwards\n"
    assert sorted(errors.splitlines()) == ["a message", "of C++"]


def test_what_leads_to_standard_output_is_standard_output(tmp_path):
    code = (
        "import sys; from fast_style.commands import streams;"
        "sys.exit(sum(map(streams.is_standard_output, ('-', '/dev/stdout', 'here', 'there'))))"
    )
    (tmp_path / "there").touch()
    with open(tmp_path / "here", "wb") as file:
        for target, count in ((subprocess.PIPE, 2), (file, 3)):
            process = subprocess.run(
                [sys.executable, "-c", code],
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=target,
                check=False,
            )
            assert process.returncode == count


def test_closed_streams_are_told(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with streams.Streams() as pipes, pytest.raises(ValueError, match="standard input: is closed"):
        pipes.receive("-")
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ValueError, match="standard output: is closed"), streams.standard_output():
        pass


def test_a_pipe_that_nobody_reads_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 1000)
    reader, writer = os.pipe()
    os.close(reader)
    with (
        pytest.raises(BrokenPipeError) as caught,
        os.fdopen(writer, "wb", buffering=0) as stream,
    ):
        streams.send(tmp_path / "file", stream, "standard output")
    assert caught.value.filename == "standard output"
