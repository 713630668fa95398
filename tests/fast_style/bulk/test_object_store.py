"""Objects of an S3 server on this machine, and what its refusals become."""

import http.server
import threading

import numpy as np
import pytest

from fast_style import images
from fast_style.bulk import object_store
from fast_style.bulk.sources import Source
from fast_style.bulk.storage import Storage
from fast_style.errors import InvalidValue
from tests.bulk_faults import s3_client, s3_server

# With characters that URLs escape.
NAMES = ["a.jpg", "sub/b c.png", "sub/ü%20+#.jpg", "x.txt", ".hidden.jpg", ".trash/c.jpg"]


@pytest.fixture(scope="module")
def server():
    with s3_server() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        object_store.forget()
        client = s3_client(environment)
        for name in NAMES:
            client.put_object(Bucket="photos", Key=f"in/{name}", Body=name.encode())
        yield client
    object_store.forget()


def test_all_objects_of_a_folder_are_listed(server):
    listed = set(object_store.walk("s3://photos/in"))
    assert listed == {f"s3://photos/in/{name}" for name in NAMES}
    assert list(object_store.walk("s3://photos/i")) == []  # a folder, not a beginning


@pytest.mark.slow
def test_more_objects_than_fit_on_a_page(server):
    for number in range(1100):
        server.put_object(Bucket="photos", Key=f"many/{number}.jpg", Body=b"")
    assert len(set(object_store.walk("s3://photos/many/"))) == 1100


@pytest.mark.parametrize("name", NAMES)
def test_reading(server, name):
    url = f"s3://photos/in/{name}"
    assert object_store.read(url, 100) == name.encode()
    assert object_store.modified(url) > 1e9


def test_what_is_written_is_what_another_client_reads(server, photo):
    Storage().save("s3://photos/out/ä b.png", photo())
    body = server.get_object(Bucket="photos", Key="out/ä b.png")["Body"].read()
    np.testing.assert_array_equal(images.decode(body).rgb, photo())


def test_a_photograph_is_fetched_once(server, photo, monkeypatch):
    store = Storage()
    store.save("s3://photos/out/once.png", photo(20, 30))
    calls = []
    read = object_store.read
    monkeypatch.setattr(object_store, "read", lambda *a: calls.append(a) or read(*a))
    assert store.count_pixels("s3://photos/out/once.png") == 600
    picture = store.load("s3://photos/out/once.png", 600)
    np.testing.assert_array_equal(picture.rgb, photo(20, 30))
    assert len(calls) == 1


def test_a_large_object_is_not_read(server):
    with pytest.raises(InvalidValue, match="over the limit of 3"):
        object_store.read("s3://photos/in/a.jpg", 3)


def test_what_is_missing(server):
    assert object_store.modified("s3://photos/in/none.jpg") is None
    with pytest.raises(FileNotFoundError, match="s3://photos/none.jpg: no such object"):
        object_store.read("s3://photos/none.jpg", 100)
    for call in (
        lambda: list(object_store.walk("s3://nowhere/in")),
        lambda: object_store.read("s3://nowhere/a.jpg", 9),
        lambda: object_store.write("s3://nowhere/a.jpg", b""),
    ):
        with pytest.raises(FileNotFoundError, match="s3://nowhere: no such bucket"):
            call()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("s3://photos/in", NAMES[:3]),
        ("s3://photos/in/", NAMES[:3]),
        ("s3://photos/in/*.jpg", NAMES[:1]),
        ("s3://photos/in/**/*.jpg", [NAMES[0], NAMES[2]]),
        ("s3://photos/in/sub/[a-c]*", [NAMES[1]]),
        ("s3://photos/in/a.jpg", NAMES[:1]),
        ("s3://photos/list.txt", [NAMES[0], NAMES[1]]),
    ],
)
def test_sources_in_a_bucket(server, given, names):
    lines = "".join(f"s3://photos/in/{name}\n" for name in NAMES[:2])
    server.put_object(Bucket="photos", Key="list.txt", Body=lines.encode())
    source = Source(given, "s3://photos/out")
    found = {photo.source: photo.target for photo in source}
    assert set(found) == {f"s3://photos/in/{name}" for name in names}
    for path, target in found.items():
        assert target == "s3://photos/out" + path.removeprefix(source.root)
    assert source.count() == len(names)


@pytest.mark.parametrize("target", ["s3://photos/in", "s3://photos/in/out", "s3://photos/in/"])
def test_a_target_inside_the_source_is_refused(server, target):
    with pytest.raises(InvalidValue, match="lies in the source"):
        Source("s3://photos/in", target)
    Source("s3://photos/in", "s3://photos/in-painted")


def test_a_server_that_refuses(monkeypatch):
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    object_store.forget()
    try:
        for call in (
            lambda: list(object_store.walk("s3://private/in")),
            lambda: object_store.read("s3://private/a.jpg", 9),
            lambda: object_store.write("s3://private/a.jpg", b""),
        ):
            with pytest.raises(PermissionError, match="s3://private.*: no rights"):
                call()
    finally:
        server.shutdown()
        object_store.forget()


@pytest.mark.parametrize("url", ["ftp://host/a", "s3://", "s3:///a", "gs://a?b/c", "S3://b/c"])
def test_urls_that_name_no_bucket(url):
    with pytest.raises(InvalidValue, match="URLs begin with|names no bucket"):
        object_store.split(url)


def test_urls():
    assert object_store.split("gs://my.bucket-1/a/b c.jpg") == ("gs://my.bucket-1", "a/b c.jpg")
    assert object_store.split("s3://bucket") == ("s3://bucket", "")
    assert object_store.is_url("s3://bucket/a") and object_store.is_url("http://x")
    assert not object_store.is_url("C:/a") and not object_store.is_url("photos/s3://a")
