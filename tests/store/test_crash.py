"""What a killed writer leaves behind, and what readers see meanwhile."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing

from .processes import start
from .values import session

WRITER = """
import sys
from pathlib import Path
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
books = Books(open_for_writing(Path(sys.argv[1])))
at = float(sys.argv[2])
while True:
    with books.db.writing(durable=at % 2 == 0):
        books.events.note(at, "s1", "kept", "x" * 200)
        books.events.note(at, "s2", "kept", "the other half")
    if at % 50 == 0:
        books.db.tidy()
    print(int(at), flush=True)
    at += 1
"""

READER = """
import sys
from tmuxclaude.store import reader
kept_open = reader.open(sys.argv[1])
looks = 0
while looks < 300:
    brief = reader.open(sys.argv[1])
    for connection in (kept_open, brief):
        first, second = (row[reader.SESSION_COLUMNS.index("since")] for row in
                         reader.rows(connection))
        assert first == second
        looks += 1
    brief.close()
print(looks)
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(path: Path) -> None:
    acknowledged, kills = 0, 0
    while acknowledged < 300:
        writer = start(WRITER, path, acknowledged)
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(30 + 17 * kills)]
        writer.kill()
        lines += writer.stdout.read().splitlines()
        writer.wait()
        kills += 1
        told = [int(line) for line in lines]
        assert told == list(range(acknowledged, acknowledged + len(told)))
        acknowledged += len(told)

        with closing(open_for_writing(path)) as db:
            books = Books(db)
            ours = [event.at for event in books.events.of("s1", last=10**6)]
            assert ours[:acknowledged] == [float(at) for at in range(acknowledged)]
            assert ours == [event.at for event in books.events.of("s2", last=10**6)]
            # At most the one that was committed and not told any more.
            assert len(ours) - acknowledged in (0, 1)
            assert db.row("PRAGMA integrity_check") == {"integrity_check": "ok"}
            acknowledged = len(ours)
    print(f"{acknowledged} commits, {kills} kills, 0 lost")
    assert kills >= 4


def test_readers_see_whole_transactions_and_no_errors(books: Books) -> None:
    pair = [session("s1"), session("s2")]
    for each in pair:
        books.sessions.add(each)
    readers = [start(READER, books.db.path) for _ in range(3)]
    since = 0.0
    while any(reader.poll() is None for reader in readers):
        since += 1
        with books.db.writing():
            for each in pair:
                books.sessions.save(replace(each, since=since))
        if since % 100 == 0:
            books.db.tidy()
    assert [reader.communicate()[0] for reader in readers] == ["300\n"] * 3
    assert [reader.returncode for reader in readers] == [0] * 3
    assert since > 100
    assert books.db.row("PRAGMA integrity_check") == {"integrity_check": "ok"}
