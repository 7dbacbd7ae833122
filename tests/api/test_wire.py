"""What travels over the socket is what was meant, or is refused with a sentence."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.anything import values
from tests.store.values import HALF_EMOJI, NOT_UTF8
from tmuxclaude.api import wire
from tmuxclaude.core import errors

ANSWERS = [kind for kind in wire.ANSWERS if kind is not wire.Failure]


@given(st.one_of([values(kind) for kind in wire.REQUESTS]))
def test_a_request_arrives_as_it_was_sent(request: wire.Request) -> None:
    line = wire.encode(request)
    assert line.index(b"\n") == len(line) - 1
    assert wire.decode_request(line) == request


@given(st.sampled_from(ANSWERS).flatmap(values))
def test_an_answer_arrives_as_it_was_sent(answer: wire.Answer) -> None:
    line = wire.encode(answer)
    assert line.index(b"\n") == len(line) - 1
    assert wire.decode_answer(line, type(answer)) == answer


@pytest.mark.parametrize("kind", sorted(errors.BY_CODE))
def test_an_error_is_raised_again_as_what_it_was(kind: str) -> None:
    problem = errors.BY_CODE[kind]("what, and why")
    with pytest.raises(errors.TmuxclaudeError, match=r"^what, and why$") as raised:
        wire.decode_answer(wire.encode(wire.failure(problem)), wire.Pong)
    assert type(raised.value) is type(problem)


def test_an_error_of_an_unknown_kind_is_still_an_error() -> None:
    line = b'{"type":"error","code":"from_the_future","message":"why"}'
    with pytest.raises(errors.TmuxclaudeError, match="why"):
        wire.decode_answer(line, wire.Pong)


REGISTER = '{"type":"register","directory":"/","pid":1,"sessionId":"%s"}'
NEW = '{"type":"new","directory":"/","command":[],"socket":"","pane":"%s"}'
TAKE = '{"type":"take_checkpoints",%s}'
DUE = '"due":[{"conversation":"c","account":"%s","directory":"%s"}]'


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"type":"fly"}', "fly"),
        ("{}", "type"),
        ('{"type":"pong","version":"1","pid":1,"started_at":1,"sessions":1}', "pong"),
        ('{"type":"ping","loud":true}', "loud"),
        ('{"type":"send","name":"a"}', "text"),
        ('{"type":"send","name":"a","text":7}', "text"),
        ('{"type":"follow","attempt":"1"}', "attempt"),
        ('{"type":"follow","attempt":1.5}', "attempt"),
        ('{"type":"resume","names":"all"}', "names"),
        ('{"type":"stop","now":"yes"}', "now"),
        ("[]", "object"),
        ("ping", "malformed"),
        ('{"type":"ping"} {"type":"ping"}', "trailing"),
        ("", "it is empty"),
        ("\0", "malformed"),
        ('{"type":"send","name":"a","text":"\\ud800 and more"}', "surrogate"),
        ('{"type":"follow","attempt":0}', "attempt"),
        (f'{{"type":"follow","attempt":{2**63}}}', "attempt"),
        (REGISTER % f"{uuid.UUID(int=7)}\\n", "sessionId"),
        *((NEW % pane, "pane") for pane in ("", "7", "%x", "%1\\n")),
        *((TAKE % (DUE % paths), "due") for paths in (("a", "/d"), ("", "/d"), ("/a", "d"))),
        (TAKE % '"committed":"."', "committed"),
        ('{"more":' + "[" * 60_000, "recursion"),
        ("[" * 60_000, "array"),
        ('{"type":"resume","names":' + "[" * 60_000, "names"),
    ],
)
def test_what_is_no_request_is_refused_by_a_sentence_that_names_it(line: str, named: str) -> None:
    with pytest.raises(errors.UsageError, match=r"^the request cannot be read: \w") as raised:
        wire.decode_request(line.encode())
    assert named in str(raised.value)


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_a_request_or_refused(line: bytes) -> None:
    try:
        request = wire.decode_request(line)
    except errors.UsageError:
        return
    assert isinstance(request, wire.REQUESTS)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"\xff", b'{"more":' + b"[" * 99_999, b'{"type":"done"}', b'{"type":"ping"}'],
)
def test_an_answer_that_cannot_be_understood_is_no_answer(line: bytes) -> None:
    with pytest.raises(errors.UnreachableError, match="answer"):
        wire.decode_answer(line, wire.Pong)


def test_a_newer_supervisor_may_say_more_than_we_know() -> None:
    pong = wire.Pong(version="1", pid=2, started_at=3.0, sessions=4)
    line = json.dumps(wire.plain(pong) | {"mood": "fine"}).encode()
    assert wire.decode_answer(line, wire.Pong) == pong


def test_a_request_that_is_not_utf8_is_refused_before_it_is_sent() -> None:
    with pytest.raises(errors.UsageError, match="UTF-8"):
        wire.encode(wire.New(directory=NOT_UTF8, command=["claude"], socket="/s"))


def test_an_answer_may_quote_what_is_no_unicode() -> None:
    verdict = wire.Verdict(name="api", done="refused", why="x", evidence=["said", HALF_EMOJI])
    line = wire.encode(wire.Verdicts(sessions=[verdict]))
    [arrived] = wire.decode_answer(line, wire.Verdicts).sessions
    assert arrived.evidence == ["said", "limit ?"]
    assert arrived.why == "x"
