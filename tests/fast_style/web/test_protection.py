"""Whom the server answers, and what it forbids browsers."""

import pytest

RAW = {"content-type": "application/octet-stream"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("192.168.1.20:8000", 200),
        ("studio.local", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost.evil.example:8000", 400),
        ("", 400),
        ("[", 400),
    ],
)
def test_names_that_a_server_goes_by(client, host, status):
    """A name that another site leads here (DNS rebinding) is none of them."""
    answer = client(hosts=["studio.local"]).get("/health", headers={"host": host})
    assert answer.status_code == status
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8000", 200),
        ("https://friend.example", 200),
        ("http://friend.example", 403),
        ("http://127.0.0.1:8001", 403),
        ("http://127.0.0.1:8000.evil.example", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
def test_pages_of_other_sites_must_not_ask(client, jpeg, origin, status):
    asked = client(origins=["https://friend.example"])
    headers = RAW | ({"origin": origin} if origin else {})
    answer = asked.post("/api/paint?style=wave", content=jpeg(), headers=headers)
    assert answer.status_code == status
    allowed = origin if origin == "https://friend.example" else None
    assert answer.headers.get("access-control-allow-origin") == allowed


def test_no_other_site_is_allowed_by_default(client):
    headers = {"origin": "https://friend.example", "access-control-request-method": "POST"}
    answer = client().options("/api/paint", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/health", "/nothing", "/main.js"])
def test_headers_of_every_answer(client, path):
    headers = client().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers
