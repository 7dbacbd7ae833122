"""What the supervisor publishes: the rows of the pickers."""

from __future__ import annotations

import os
from pathlib import Path

from tests.supervisor.house import House
from tests.waiting import until
from tmuxclaude.core.rules import Rules
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.publish import Publisher, put


def test_a_file_is_replaced_whole_and_only_when_it_says_something_else(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    before = os.umask(0)
    assert put(path, "a\tü\n")
    os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.stat()
    assert not put(path, "a\tü\n")
    assert path.stat() == first
    with path.open() as reader:
        assert put(path, "b\n")
        assert reader.read() == "a\tü\n"
    assert path.read_text() == "b\n"
    assert list(tmp_path.iterdir()) == [path]


def test_it_looks_only_when_there_may_be_something_new(tmp_path: Path) -> None:
    now, notices = [1_800_000_000.0], [""]
    db = open_for_writing(tmp_path / "db")
    books = Books(db)
    path = tmp_path / "rows"
    publisher = Publisher(books, path, Rules(), lambda: now[0], lambda: list(notices))

    def published(seconds: float) -> bool:
        """Whether it was written anew after so many more seconds."""
        path.unlink(missing_ok=True)
        now[0] += seconds
        publisher.publish()
        return path.exists()

    assert published(0)
    assert not published(1)
    notices[0] = "no disk"
    assert published(1)
    books.events.note(now[0], "", "paused", "")
    assert not published(0.1)
    assert published(0.15)
    assert not published(30)
    assert published(60)
    assert published(-3600)

    publisher.close()
    assert not path.exists()
    another = "tmuxclaude-rows\t1\t1\t0\n"
    path.write_text(another)
    publisher.close()
    assert path.read_text() == another
    path.unlink()
    path.mkdir()
    now[0] += 60
    publisher.publish()  # it cannot be written, which ends nothing
    path.rmdir()
    assert published(1)
    db.close()


def lines(house: House) -> list[list[str]]:
    return [line.split("\t") for line in house.paths.rows.read_text().splitlines()]


def test_the_rows_are_there_while_the_supervisor_is(house: House) -> None:
    rows = house.paths.rows
    until(rows.exists, what=house.log)
    assert len(lines(house)) == 4
    seat = house.limited("api")
    until(lambda: lines(house)[-1][1] == "api" and "limited" in lines(house)[-1][6], what=house.log)
    first, row = lines(house)[0], lines(house)[-1]
    pane = house.server.say("display-message", "-p", "-t", seat.pane, "#{pid} #{@tmuxclaude-id}")
    assert row[:6] == ["live", "api", house.server.socket, *_around(pane, seat.pane)]
    assert rows.stat().st_mode & 0o777 == 0o600
    os.kill(int(first[2]), 0)

    before = rows.stat().st_ino
    seat.never(lambda: rows.stat().st_ino != before, 1.0)
    house.shift(120)
    until(lambda: int(lines(house)[0][3]) >= int(first[3]) + 120, what=house.log)
    house.stop()
    assert not rows.exists()


def _around(pane: str, pane_id: str) -> list[str]:
    pid, nonce = pane.split()
    return [pid, pane_id, nonce]
