"""A real server: sockets, slow and broken clients, many at once."""

import concurrent.futures
import http.client
import os
import socket
import time

import psutil
import pytest

from fast_style.errors import InvalidValue
from fast_style.web import server

HEAD = "POST /api/paint?style=wave HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: image/jpeg\r\n"


def send(address, data, path="/api/paint?style=wave&format=png", kind="image/jpeg"):
    """(status, body) of a request of its own connection."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request("POST", path, data, {"Content-Type": kind})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def half_sent(address, text):
    connection = socket.create_connection(address, timeout=30)
    connection.sendall(text.format(*address).encode())
    return connection


def ended(connection):
    """What came until the server closed the connection."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def test_a_port_that_is_taken_is_said():
    with server.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(InvalidValue, match=f"{port}.*taken"):
            server.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://localhost:")]
)
def test_the_address_is_one_for_a_browser(host, shown):
    with server.listen(host, 0) as listener:
        assert server.address_of(listener) == f"{shown}{listener.getsockname()[1]}"


def test_clients_that_stop_half_way_hold_nobody_up(running, jpeg):
    address = running(idle_seconds=1.0, queue=0)
    heads = [half_sent(address, "GET / HTTP/1.1\r\nHost: x") for _ in range(20)]
    silent = [half_sent(address, "") for _ in range(20)]
    bodies = [half_sent(address, HEAD + "Content-Length: 1000\r\n\r\nabc") for _ in range(20)]
    assert send(address, jpeg())[0] == 200  # though only one may be inside
    assert all(ended(one).startswith(b"HTTP/1.1 408") for one in bodies)
    assert all(ended(one) == b"" for one in heads + silent)
    assert send(address, jpeg())[0] == 200


def test_an_answer_that_nobody_reads_is_given_up(running, jpeg):
    address = running(idle_seconds=1.0)
    data = jpeg(1200, 1200)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(address)
    head = (HEAD.replace("wave ", "wave&format=png ") + "Content-Length: {}\r\n\r\n").format(
        *address, len(data)
    )
    connection.sendall(head.encode() + data)
    mine = connection.getsockname()[1]
    end = time.monotonic() + 30
    while time.monotonic() < end:
        here = [one for one in psutil.net_connections("tcp") if one.pid == os.getpid()]
        if not [one for one in here if one.raddr and one.raddr.port == mine]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the connection is still there")
    connection.close()


def test_a_slow_but_steady_upload_is_taken(running, jpeg):
    address = running(idle_seconds=1.0)
    data = jpeg()
    connection = half_sent(address, HEAD + f"Content-Length: {len(data)}\r\n\r\n")
    for start in range(0, len(data), len(data) // 4 + 1):
        time.sleep(0.4)
        connection.sendall(data[start : start + len(data) // 4 + 1])
    assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_a_chunked_upload_without_a_length_is_limited(running):
    address = running(upload_bytes=100_000)
    connection = http.client.HTTPConnection(*address, timeout=30)
    chunks = (bytes(10_000) for _ in range(200))
    connection.request("POST", "/api/paint?style=wave", chunks, {"Content-Type": "image/jpeg"})
    assert connection.getresponse().status == 413


def test_too_large_is_said_although_the_client_sends_on(running):
    address = running(upload_bytes=100_000)
    status, body = send(address, bytes(20_000_000))
    assert status == 413
    assert b"MiB" in body


def test_the_place_of_a_client_that_left_is_free_again(running, jpeg):
    address = running(queue=2)
    data = jpeg(600, 600)
    text = HEAD + f"Content-Length: {len(data)}\r\n\r\n"
    left = [half_sent(address, text) for _ in range(3)]
    for connection in left:
        connection.sendall(data)
    for connection in left:
        connection.close()
    end = time.monotonic() + 30
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(*address, timeout=30)
        connection.request("GET", "/health")
        if b'"inside":0' in connection.getresponse().read():
            break
        time.sleep(0.05)
    assert send(address, data)[0] == 200


def test_eight_clients_at_once_each_get_their_answer(running, jpeg):
    """Every tenth is damaged or too large; memory does not grow with their number."""
    address = running(queue=20, upload_bytes=200_000)
    good = [jpeg(side, side + 8) for side in (16, 48, 96, 160)]
    expected = {data: send(address, data) for data in good}

    def one(number):
        if number % 20 == 0:
            return send(address, good[1][:400])[0] == 400
        if number % 20 == 10:
            return send(address, bytes(300_000))[0] == 413
        data = good[number % len(good)]
        return send(address, data) == expected[data]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(100)))
        before = psutil.Process().memory_info().rss
        assert all(pool.map(one, range(100)))
    assert psutil.Process().memory_info().rss - before < 30 * 2**20
