"""Who is not let in: each request here is right but for one thing, and does nothing."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import suppress

import pytest

from tests.web.door import NOTHING_SENT, Door, me
from tmuxclaude.web.gate import MAX_BODY

NOBODY = 65534
REGISTER = "/api/session/register"


def wrong(door: Door) -> dict[int, dict[str, list[str]]]:
    """By status: what one header says in a request that would be answered otherwise."""
    at = f"127.0.0.1:{door.port}"
    hosts = ["evil.example", f"evil.example:{door.port}", f"{at}.evil.example", f"evil@{at}"]
    hosts += ["127.0.0.1", "localhost", f"[::1]:{door.port}", f"0.0.0.0:{door.port}", f"{at}0"]
    keys = [NOTHING_SENT, "Bearer", "Bearer ", f"Bearer {door.token[:-1]}", f"Bearer {door.token}x"]
    keys += [f"Basic {door.token}", door.token, f"Bearer {'é' * 43}"]
    kinds = [NOTHING_SENT, "text/plain", "application/x-www-form-urlencoded", "text/json"]
    kinds += ["multipart/form-data", "application/json; charset=latin-1", "application/jsonp"]
    return {
        421: {"Host": hosts},
        403: {
            "Origin": ["null", door.url, "http://evil.example"],
            "Sec_Fetch_Site": ["none", "same-origin", "cross-site"],
        },
        401: {"Authorization": keys},
        415: {"Content_Type": kinds, "Content_Encoding": ["gzip"]},
    }


def test_only_who_has_the_token_and_is_no_browser_is_let_in(door: Door) -> None:
    lines = [
        (status, name, value)
        for status, headers in wrong(door).items()
        for name, values in headers.items()
        for value in values
    ]
    for status, name, value in lines:
        answer = door.ask("POST", REGISTER, me(), **{name: value})
        assert (answer.status, name, value) == (status, name, value)
        assert set(answer.json) == {"error", "message"}
        assert not [name for name in answer.headers if name.startswith("access-control")]
    twice = door.head("POST", REGISTER, Host=f"127.0.0.1:{door.port}\r\nHost: evil.example")
    assert door.send(twice).status == 400
    twice = door.head("POST", REGISTER, Authorization=f"Bearer {door.token}\r\nAuthorization: x")
    assert door.send(twice).status == 401
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = door.ask(method, REGISTER, me())
        assert (answer.status, answer.json["error"]) == (405, "no_such_method")
    health = door.ask("POST", "/health", b"", Content_Type=NOTHING_SENT)
    assert (health.status, health.json["error"]) == (405, "no_such_method")
    for path in ("/", "/docs", "/redoc", "/health/", "/api/sessions", "//health", "/%2e/health"):
        assert door.ask("GET", path).json["error"] == "no_such_path"
    for field, value in {"pane": "%1", "socket": "/s", "relayed": False}.items():
        answer = door.ask("POST", REGISTER, me() | {field: value})
        assert (answer.status, answer.json["error"]) == (400, "usage")
    assert door.ask("GET", "/openapi.json", Authorization=NOTHING_SENT).status == 401
    assert door.ask("GET", "/health", Host="evil.example").status == 421
    assert door.sessions() == []
    there = door.ask("POST", REGISTER, me(), Host=f"LOCALHOST:{door.port}")
    assert there.status == 200
    assert len(door.sessions()) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_refused_even_with_the_token(door: Door) -> None:
    tells, told = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(told, door.ask("POST", REGISTER, me()).body)
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(tells, "rb") as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    assert answer["error"] == "stranger"
    assert door.ask("GET", "/health").status == 200


def chunked(body: bytes) -> bytes:
    parts = [body[at : at + 4096] for at in range(0, len(body), 4096)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_body_is_bounded_however_it_comes(door: Door) -> None:
    status = json.dumps({"sessionId": "nobody"}).encode()
    just, more = status.ljust(MAX_BODY), status.ljust(MAX_BODY + 1)
    path = "/api/session/heartbeat"
    assert door.ask("POST", path, just).status == 404
    assert door.ask("POST", path, more).status == 413
    head = door.head("POST", path, Transfer_Encoding="chunked")
    assert door.send(head + chunked(just)).status == 404
    assert door.send(head + chunked(more)).status == 413
    assert door.ask("POST", path, b"x" * 10 * MAX_BODY).status == 413
    both = door.head("POST", path, Transfer_Encoding="chunked", Content_Length="5")
    assert door.send(both + chunked(status)).status in (400, 404)  # one reading, never two
    endless = door.head("POST", path, Content_Length=str(10**15))
    with door.connect() as connection:
        connection.sendall(endless)
        with suppress(ConnectionError):
            for _ in range(1000):
                connection.sendall(bytes(MAX_BODY))
            pytest.fail("it reads on for ever")
    assert door.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"text"', b"17", b"\xff", b'{"a": 1}{}', b"[" * 60_000),
        '{"sessionId": "x"}'.encode("utf-16"),
        *(b'{"sessionId": "x", "promptCount": %s}' % n for n in (b"NaN", b"1e999", b"9" * 5000)),
        b'{"sessionId": "x", "status": "\\ud800"}',
        *(b'{"sessionId": "x", "%s": ""}' % f for f in (b"type", b"pane", b"socket", b"\\ud800")),
        b'{"sessionId": ["x"]}',
        b'{"sessionId": "x", "promptCount": 1, "promptCount": 2}',
    ],
)
def test_what_cannot_be_understood_is_said(door: Door, body: bytes) -> None:
    answer = door.ask("POST", "/api/session/heartbeat", body)
    assert (answer.status, answer.json["error"]) == (400, "usage")
    assert answer.json["message"]


@pytest.mark.parametrize(
    "query", ["name=x", "sessionId=a&sessionId=b", "type=status", "configDir=relative", "%FF=%FF"]
)
def test_so_is_a_query(door: Door, query: str) -> None:
    assert door.ask("GET", f"/api/session/status?{query}").json["error"] == "usage"


def test_it_listens_on_the_loopback_of_ipv4_alone(door: Door) -> None:
    for family, host in ((socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client, pytest.raises(OSError, match=r"refused|assign|reach"):
            client.connect((host, door.port))
    door.connect().close()
