"""The door answers everybody who asks properly, and nobody can hold up or end it."""

from __future__ import annotations

import os
import resource
import select
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.api.served import PING, Bare, Served, serving
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.server import LINE_SECONDS, MAX_CLIENTS
from tmuxclaude.core import errors

Connect = Callable[[], Bare]

NOBODY = 65534


def test_one_connection_asks_many_times(served: Served, connect: Connect) -> None:
    client = connect()
    assert all(client.is_answered() for _ in range(300))
    client.send(PING * 300)
    assert [b'"pong"' in client.line() for _ in range(300)] == [True] * 300


def test_answers_come_in_the_order_of_the_questions(served: Served, connect: Connect) -> None:
    client = connect()
    client.send(b"".join(b'{"type":"explain","name":"%d"}\n' % n for n in (3, 0, 70, 1)))
    answers = [wire.decode_answer(client.line(), wire.Explained) for _ in range(4)]
    assert [(a.name, len(a.evidence)) for a in answers] == [
        *(("3", 3), ("0", 0), ("70", 70), ("1", 1)),
    ]


def test_a_request_may_come_in_pieces(served: Served, connect: Connect) -> None:
    client = connect()
    for byte in PING * 2:
        client.send(bytes([byte]))
    assert b'"pong"' in client.line()
    assert b'"pong"' in client.line()


@pytest.mark.parametrize("line", [PING[:-1], PING + PING[:-1], b'{"type":'])
def test_a_last_request_may_lack_its_newline(line: bytes, served: Served, connect: Connect) -> None:
    client = connect()
    client.send(line)
    client.socket.shutdown(socket.SHUT_WR)
    told = [client.line() for _ in line.split(b"\n")]
    assert all((b'"pong"' in one) == line.startswith(PING[:-1]) for one in told)
    assert client.line() == b""


def test_why_a_line_is_no_request_is_said(served: Served, connect: Connect) -> None:
    client = connect()
    client.send(b'\n{"type":"explain","name":"\\ud800"}\n')
    assert b"it is empty" in client.line()
    assert b"half of a character" in client.line()


def request_of(size: int) -> bytes:
    empty = b'{"type":"send","name":"a","text":""}'
    return empty[:-2] + b"x" * (size - len(empty)) + empty[-2:] + b"\n"


def test_the_longest_request_is_taken(served: Served, connect: Connect) -> None:
    client = connect()
    client.send(request_of(wire.MAX_BYTES))
    assert client.line() == b'{"type":"done"}'
    assert len(served.asked) == 1


def test_a_longer_request_is_refused_with_a_sentence(served: Served, connect: Connect) -> None:
    client = connect()
    client.send(request_of(wire.MAX_BYTES + 1))
    assert b'"usage"' in (refusal := client.line())
    assert str(wire.MAX_BYTES).encode() in refusal
    assert served.asked == []


@pytest.mark.parametrize("garbage", [b"x", b"[", b"\0", b"\xff"])
def test_a_megabyte_of_garbage_is_refused_at_once(
    garbage: bytes, served: Served, connect: Connect
) -> None:
    client, other = connect(), connect()
    assert client.flood(garbage * 16_384) < LINE_SECONDS
    assert b"at most" in client.line()
    assert client.line() == b""
    assert other.is_answered()


@pytest.mark.parametrize(
    "line", [b"\0\n", b'{"type":"ping"}\0\n', b"[" * 60_000 + b"\n", b"\xff\xfe\n", b"\n"]
)
def test_a_line_that_is_no_request_spoils_nothing(
    line: bytes, served: Served, connect: Connect
) -> None:
    client = connect()
    client.send(line)
    assert b'{"type":"error","code":"usage","message":"the request cannot' in client.line()
    assert client.is_answered()


@pytest.mark.parametrize("code", ["usage", "not_found", "refused", "unreachable", "internal"])
def test_an_error_is_an_answer(code: str, served: Served, connect: Connect) -> None:
    client = connect()
    client.send(b'{"type":"resume","names":["%s"]}\n' % code.encode())
    assert client.line() == f'{{"type":"error","code":"{code}","message":"this is why"}}'.encode()


def test_a_bug_in_one_answer_is_told_and_ends_nothing(served: Served, connect: Connect) -> None:
    client = connect()
    client.send(b'{"type":"shutdown"}\n')
    assert b'"internal"' in (told := client.line())
    assert b"ZeroDivisionError" in told
    assert client.is_answered()


# Slow and silent clients


def test_a_silent_client_is_sent_away_after_two_seconds(served: Served, connect: Connect) -> None:
    assert LINE_SECONDS - 0.5 < connect().seconds_until_closed() < LINE_SECONDS + 10


def test_half_a_request_is_waited_for_two_seconds(served: Served, connect: Connect) -> None:
    client = connect()
    assert client.is_answered()
    client.send(PING[:9])
    began = time.monotonic()
    assert b"too slowly" in client.line()
    assert client.line() == b""
    assert LINE_SECONDS - 0.5 < time.monotonic() - began < LINE_SECONDS + 10


def test_bytes_that_trickle_win_no_time(served: Served, connect: Connect) -> None:
    client = connect()
    assert LINE_SECONDS - 0.5 < client.flood(b" ", pause=0.1) < LINE_SECONDS + 10
    assert b"too slowly" in client.line()


def test_who_asked_in_time_is_answered_though_we_were_busy(
    served: Served, connect: Connect
) -> None:
    busy, other, half = connect(), connect(), connect()
    assert busy.is_answered()  # so the others have been let in
    busy.send(b'{"type":"follow","attempt":%d}\n' % (LINE_SECONDS * 10 + 3))
    until(lambda: len(served.asked) == 2)
    half.send(PING[:7])
    assert other.is_answered()
    assert b"too slowly" in half.line()


def test_who_has_been_answered_may_stay(served: Served, connect: Connect) -> None:
    client = connect()
    assert client.is_answered()
    assert not select.select([client.socket], [], [], LINE_SECONDS + 0.5)[0]
    assert client.is_answered()


def test_a_client_that_leaves_in_the_middle_is_forgotten(served: Served, connect: Connect) -> None:
    for rude in (b"", PING[:5], PING, PING * 100, b'{"type":"explain","name":"900"}\n'):
        client = connect()
        client.send(rude)
        client.close()
    assert connect().is_answered()


# Clients that do not read


def test_an_answer_that_nobody_reads_is_dropped(served: Served, connect: Connect) -> None:
    client, other = connect(), connect()
    client.send(b'{"type":"explain","name":"2000"}\n')
    began = time.monotonic()
    until(lambda: served.asked)
    assert other.is_answered()
    gone = select.poll()
    gone.register(client.socket, select.POLLHUP)
    assert gone.poll(10_000)
    assert LINE_SECONDS - 0.5 < time.monotonic() - began < LINE_SECONDS + 10
    assert other.is_answered()


def test_a_big_answer_reaches_who_reads_it(served: Served, connect: Connect) -> None:
    client = connect()
    client.send(b'{"type":"explain","name":"5000"}\n')
    assert len(wire.decode_answer(client.line(), wire.Explained).evidence) == 5000


def test_asking_without_reading_neither_fills_our_memory_nor_lasts(
    served: Served, connect: Connect
) -> None:
    client, other = connect(), connect()
    assert other.is_answered()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert client.flood(b'{"type":"explain","name":"100"}\n' * 500) < LINE_SECONDS + 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8192
    assert len(served.asked) < 20
    assert other.is_answered()


def test_a_client_with_a_thousand_questions_waits_its_turn(
    served: Served, connect: Connect
) -> None:
    greedy, other = connect(), connect()
    greedy.send(b'{"type":"send","name":"a","text":"b"}\n' * 1000)
    until(lambda: len(served.asked) > 3)
    assert other.is_answered()
    assert len(served.asked) < 500


# Many clients


def test_there_is_room_for_thirty_two(served: Served, connect: Connect) -> None:
    clients = [connect() for _ in range(MAX_CLIENTS)]
    assert all(client.is_answered() for client in clients)
    one_more = connect()
    assert b"32 programs" in one_more.line()
    assert one_more.seconds_until_closed() < 1
    assert all(client.is_answered() for client in clients)
    clients[5].close()
    until(lambda: connect().is_answered())


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_two_hundred_bad_clients_leave_no_descriptor(served: Served, connect: Connect) -> None:
    keeps = connect()
    assert keeps.is_answered()
    before = descriptors()
    bad = [b"", b"\0" * 99, PING[:7], b"[" * 99_999, b'{"type":"explain","name":"999"}\n']
    for data in bad * 40:
        client = Bare(served.path)
        with suppress(ConnectionError):  # there is no room at times
            client.send(data)
        client.close()
    until(lambda: descriptors() == before)
    assert keeps.is_answered()


def test_a_thousand_connections_at_once(served: Served, connect: Connect) -> None:
    keeps = connect()
    assert keeps.is_answered()
    failures: list[OSError] = []

    def knock() -> None:
        for _ in range(100):
            try:
                Bare(served.path).close()
            except OSError as problem:
                failures.append(problem)

    knockers = [threading.Thread(target=knock) for _ in range(10)]
    for one in knockers:
        one.start()
    assert keeps.is_answered()
    for one in knockers:
        one.join()
    assert keeps.is_answered()
    until(lambda: connect().is_answered())


# Who may come in


def test_the_socket_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with serving() as served:
            assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("open_to_all", [False, True])
def test_another_user_is_not_answered(open_to_all: bool, served: Served) -> None:
    if open_to_all:
        served.path.parent.chmod(0o755)
        served.path.chmod(0o777)
    heard, tells = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"?"
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            stranger = Bare(served.path)
            said = b"answered" if stranger.is_answered() else b"closed"
        except PermissionError:
            said = b"refused"
        finally:
            os.write(tells, said)
            os._exit(0)
    os.waitpid(child, 0)
    os.close(tells)
    with os.fdopen(heard, "rb") as pipe:
        assert pipe.read() == (b"closed" if open_to_all else b"refused")
    assert served.asked == []
    ours = Bare(served.path)
    assert ours.is_answered()
    ours.close()


# The socket file


def test_a_socket_file_that_was_left_over_is_replaced(tmp_path: Path) -> None:
    with serving() as first:
        dead = socket.socket(socket.AF_UNIX)
        path = first.path.with_name("left-over")
        dead.bind(str(path))
        dead.close()
        with pytest.raises(ConnectionRefusedError):
            Bare(path)
        second = Served(path)
        client = Bare(path)
        assert client.is_answered()
        client.close()
        second.stop()
        assert not path.exists()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    with serving() as first:
        path, target = first.path.with_name("link"), tmp_path / "target"
        for there in (False, True):
            if there:
                target.write_text("mine")
            path.symlink_to(target)
            served = Served(path)
            assert stat.S_ISSOCK(path.lstat().st_mode)
            served.stop()
            assert target.exists() == there
        assert target.read_text() == "mine"


def test_the_end_leaves_a_successors_socket_alone() -> None:
    with serving() as served:
        successor = Served(served.path)
        served.stop()
        client = Bare(served.path)
        assert client.is_answered()
        client.close()
        successor.stop()
        assert not served.path.exists()
        # `serving` stops it once more, which must not fail
        served.stop = lambda: None  # type: ignore[method-assign]


def test_at_the_end_who_waits_is_told_that_nothing_was_done(
    served: Served, connect: Connect
) -> None:
    silent, one, two, half, busy = (connect() for _ in range(5))
    assert all(client.is_answered() for client in (silent, one, two, half, busy))
    busy.send(b'{"type":"follow","attempt":3}\n')  # for 0.3 s nobody is heard
    until(lambda: served.asked[-1:] == [wire.Follow(attempt=3)])
    one.send(PING)
    two.send(PING + PING)
    half.send(PING[:-1])
    late = connect()
    late.send(PING)
    asked = len(served.asked)
    served.stop()
    for client, answers in ((silent, 0), (one, 1), (two, 2), (half, 1), (late, 1)):
        for _ in range(answers):
            with pytest.raises(errors.EndingError, match="nothing was done"):
                wire.decode_answer(client.line(), wire.Pong)
        assert client.line() == b""
    assert len(served.asked) == asked
    served.stop = lambda: None  # type: ignore[method-assign]


def test_who_asks_is_told_to_whoever_answers(served: Served, connect: Connect) -> None:
    assert connect().is_answered()
    assert served.peers == [os.getpid()]
