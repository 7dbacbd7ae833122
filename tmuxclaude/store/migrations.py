"""The schema, and the way from every older schema to it.

Each migration is one function; what is released is never edited, a change is a new function below.
Views hold no data, so they are not migrated: they are dropped before and made anew after.

It runs as a process of its own (``python -m tmuxclaude.store.migrations PATH``), started by
``database``: sqlite-utils costs 6 MB and 0.2 s, which the supervisor need not carry all its life
for a minute's use. Knows nothing of the values that are kept in the tables.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from tmuxclaude.store.format import APPLICATION_ID, connect

MIGRATIONS = Migrations("tmuxclaude")

LOCK_SECONDS = 5.0


@MIGRATIONS()
def first_schema(db: Database) -> None:
    """Sessions and their chains, halts with the journal of their attempts, limits, events."""
    db.executescript(
        """
        CREATE TABLE sessions (
            uid TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            directory TEXT NOT NULL,
            account TEXT NOT NULL,
            launch TEXT NOT NULL,
            state TEXT NOT NULL,
            since REAL NOT NULL,
            want TEXT NOT NULL,
            conversation TEXT,
            tmux_session TEXT NOT NULL,
            window_index INTEGER,
            window_name TEXT NOT NULL,
            socket TEXT NOT NULL,
            pane_socket TEXT,
            server_pid INTEGER,
            server_started INTEGER,
            pane_id TEXT,
            pane_pid INTEGER,
            nonce TEXT,
            process_pid INTEGER,
            process_started TEXT,
            process_boot TEXT,
            opened_by_us INTEGER NOT NULL,
            program TEXT NOT NULL,
            created_at REAL NOT NULL,
            rebuilt_at REAL,
            reason TEXT NOT NULL,
            zone TEXT NOT NULL,
            recorded INTEGER NOT NULL,
            outlook_actor TEXT NOT NULL,
            outlook_at REAL,
            outlook_why TEXT NOT NULL
        );
        CREATE UNIQUE INDEX one_name_at_a_time ON sessions (name) WHERE state <> 'ended';

        CREATE TABLE chain (
            session TEXT NOT NULL REFERENCES sessions (uid),
            position INTEGER NOT NULL,
            conversation TEXT NOT NULL,
            began_at REAL NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (session, position)
        );

        CREATE TABLE halts (
            id INTEGER PRIMARY KEY,
            session TEXT NOT NULL REFERENCES sessions (uid),
            conversation TEXT NOT NULL,
            limit_kind TEXT NOT NULL,
            limit_words TEXT NOT NULL,
            limit_source TEXT NOT NULL,
            limit_said_at REAL NOT NULL,
            limit_resets_at REAL,
            record TEXT NOT NULL,
            opened_at REAL NOT NULL,
            attempts INTEGER NOT NULL,
            not_before REAL NOT NULL,
            needs_human TEXT NOT NULL,
            ended_at REAL,
            ended_by TEXT,
            outcome TEXT NOT NULL
        );
        CREATE INDEX halts_of_a_session ON halts (session);
        CREATE UNIQUE INDEX one_open_halt ON halts (session) WHERE ended_at IS NULL;

        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            session TEXT NOT NULL REFERENCES sessions (uid),
            number INTEGER NOT NULL,
            text TEXT NOT NULL,
            step TEXT NOT NULL,
            opened_at REAL NOT NULL,
            halt INTEGER REFERENCES halts (id),
            record TEXT NOT NULL,
            conversation TEXT NOT NULL,
            "offset" INTEGER NOT NULL,
            stepped_at REAL NOT NULL,
            keyed_at REAL NOT NULL,
            escapes INTEGER NOT NULL,
            launches INTEGER NOT NULL,
            stashed INTEGER NOT NULL,
            by_hand INTEGER NOT NULL,
            reason TEXT NOT NULL,
            left_due INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX one_attempt_a_number ON attempts (halt, number);
        CREATE UNIQUE INDEX one_attempt_a_record ON attempts (halt, record)
            WHERE left_due AND NOT by_hand;
        CREATE INDEX attempts_of_a_session ON attempts (session);
        CREATE INDEX attempts_by_step ON attempts (step);

        CREATE TABLE steps (
            id INTEGER PRIMARY KEY,
            attempt INTEGER NOT NULL REFERENCES attempts (id),
            at REAL NOT NULL,
            step TEXT NOT NULL,
            note TEXT NOT NULL
        );
        CREATE INDEX steps_of_an_attempt ON steps (attempt);

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session TEXT NOT NULL REFERENCES sessions (uid),
            text TEXT NOT NULL,
            asked_at REAL NOT NULL,
            stage TEXT NOT NULL,
            attempt INTEGER REFERENCES attempts (id),
            over_at REAL,
            reason TEXT NOT NULL,
            "key" TEXT NOT NULL DEFAULT ''
        );
        CREATE UNIQUE INDEX one_message_a_key ON messages ("key") WHERE "key" <> '';
        CREATE INDEX messages_of_a_session ON messages (session, stage);
        CREATE UNIQUE INDEX one_message_on_its_way ON messages (session) WHERE stage = 'sending';
        CREATE UNIQUE INDEX one_message_an_attempt ON messages (attempt);

        CREATE TABLE limits (
            account TEXT NOT NULL,
            kind TEXT NOT NULL,
            words TEXT NOT NULL,
            source TEXT NOT NULL,
            said_at REAL NOT NULL,
            resets_at REAL,
            lifted_at REAL,
            PRIMARY KEY (account, kind)
        );

        CREATE TABLE pause (
            since REAL NOT NULL,
            until REAL,
            zone TEXT NOT NULL
        );

        CREATE TABLE activity (
            session TEXT NOT NULL REFERENCES sessions (uid),
            conversation TEXT NOT NULL,
            prompts INTEGER NOT NULL,
            active_at REAL NOT NULL,
            replies INTEGER NOT NULL DEFAULT 0,
            compactions INTEGER NOT NULL DEFAULT 0,
            last_prompt TEXT NOT NULL DEFAULT '',
            last_reply TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (session, conversation)
        );

        CREATE TABLE labels (
            session TEXT PRIMARY KEY REFERENCES sessions (uid),
            in_group TEXT NOT NULL,
            meta TEXT NOT NULL
        );

        CREATE TABLE lifetimes (
            session TEXT PRIMARY KEY REFERENCES sessions (uid),
            ends_at REAL,
            extended_to REAL
        );

        CREATE TABLE standing (
            what TEXT NOT NULL,
            whose TEXT NOT NULL,
            since REAL NOT NULL,
            PRIMARY KEY (what, whose)
        );

        CREATE TABLE speakers (
            session TEXT PRIMARY KEY REFERENCES sessions (uid),
            secret TEXT NOT NULL,
            said_at REAL,
            status TEXT NOT NULL
        );

        CREATE TABLE abandoned (
            session TEXT PRIMARY KEY REFERENCES sessions (uid),
            since REAL NOT NULL,
            files INTEGER NOT NULL
        );

        CREATE TABLE checkpoints (
            id TEXT PRIMARY KEY,
            conversation TEXT NOT NULL,
            account TEXT NOT NULL,
            session TEXT NOT NULL,
            directory TEXT NOT NULL,
            asked_at REAL NOT NULL,
            reasons TEXT NOT NULL,
            note TEXT NOT NULL,
            stage TEXT NOT NULL,
            tries INTEGER NOT NULL,
            next_at REAL,
            taken_at REAL,
            transcript TEXT NOT NULL,
            "offset" INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            root TEXT NOT NULL,
            repository TEXT NOT NULL,
            head TEXT NOT NULL,
            branch TEXT NOT NULL,
            snapshot TEXT NOT NULL,
            changed INTEGER NOT NULL,
            files TEXT NOT NULL,
            recap TEXT NOT NULL,
            problem TEXT NOT NULL
        );
        CREATE INDEX checkpoints_of_a_conversation ON checkpoints (conversation, taken_at);
        CREATE INDEX checkpoints_by_stage ON checkpoints (stage);
        CREATE UNIQUE INDEX one_checkpoint_under_way ON checkpoints (account, conversation)
            WHERE stage = 'taking';

        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            session TEXT NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            evidence TEXT NOT NULL
        );
        CREATE INDEX events_of_a_session ON events (session, at);

        CREATE TABLE told (upto INTEGER NOT NULL);
        INSERT INTO told VALUES (0);
        """
    )


VIEWS = {
    "session_list": """
        SELECT s.uid, s.name, s.state, s.want, s.since, s.reason, s.directory, s.account,
            s.conversation, s.socket, s.tmux_session, s.pane_id, s.server_pid, s.server_started,
            s.pane_pid, s.nonce, s.opened_by_us, s.created_at, s.zone,
            s.outlook_actor, s.outlook_at, s.outlook_why,
            (SELECT sum(prompts) FROM activity WHERE session = s.uid) AS prompts,
            (SELECT max(active_at) FROM activity WHERE session = s.uid) AS active_at,
            (SELECT count(*) FROM messages WHERE session = s.uid
                AND stage IN ('queued', 'sending', 'in_doubt')) AS queued,
            b.since AS abandoned_since, b.files AS uncommitted,
            (SELECT ends_at FROM lifetimes WHERE session = s.uid
                AND s.state NOT IN ('queued', 'lost', 'ended')) AS ends_at,
            coalesce(n.in_group, '') AS in_group, coalesce(n.meta, '{}') AS meta,
            h.id AS halt, h.limit_kind, h.limit_words, h.limit_source,
            h.limit_resets_at AS resets_at, h.opened_at AS halted_at, h.attempts, h.not_before,
            h.needs_human, a.number AS attempt, a.step, a.reason AS attempt_reason
        FROM sessions s
        LEFT JOIN halts h ON h.session = s.uid AND h.ended_at IS NULL
        LEFT JOIN labels n ON n.session = s.uid
        LEFT JOIN abandoned b ON b.session = s.uid AND s.state IN ('idle', 'waiting', 'lost')
            AND b.since >= coalesce(
                (SELECT max(active_at) FROM activity WHERE session = s.uid), s.since)
        LEFT JOIN attempts a ON a.id = (
            SELECT id FROM attempts WHERE halt = h.id ORDER BY number DESC LIMIT 1)
    """,
}
"""A changed view needs a new migration too (an empty one will do): readers look at the version."""


def bring_up_to_date(path: Path, migrations: Migrations = MIGRATIONS) -> None:
    """Make a database at ``path``, or migrate the one that is there after making a copy of it.

    A new database appears complete or not at all. A migration that fails leaves the old one as it
    was. The copy stands beside it as ``<name>.v<old version>.backup``, mode 0600.
    """
    if path.exists():
        _back_up(path)
        _migrate(path, migrations)
        return
    unborn = path.with_name(f"{path.name}.new")
    _empty_file(unborn)
    _migrate(unborn, migrations)
    unborn.replace(path)


def _migrate(path: Path, migrations: Migrations) -> None:
    with closing(connect(path, "rw", LOCK_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        db = Database(connection, recursive_triggers=False, execute_plugins=False)
        for view in db.view_names():
            connection.execute(f'DROP VIEW "{view}"')
        migrations.apply(db)
        for view, query in VIEWS.items():
            db.create_view(view, query)
            connection.execute(f'SELECT * FROM "{view}" LIMIT 0')  # SQLite looks inside only now
        # Foreign keys are not enforced here: rebuilding a table would trip over them half-way.
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sqlite3.IntegrityError(f"rows without their owner in {broken[0][0]}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations.applied(db))}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def _back_up(path: Path) -> None:
    with closing(connect(path, "ro", LOCK_SECONDS)) as source:
        version: int = source.execute("PRAGMA user_version").fetchone()[0]
        copy = path.with_name(f"{path.name}.v{version}.backup")
        unfinished = path.with_name(f"{copy.name}.new")
        _empty_file(unfinished)
        with closing(connect(unfinished, "rw", LOCK_SECONDS)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
    unfinished.replace(copy)


def _empty_file(path: Path) -> None:
    """An empty file that nobody else may read, whatever the umask; SQLite's side files follow."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o600)
    os.fchmod(handle, 0o600)
    os.close(handle)


if __name__ == "__main__":
    try:
        bring_up_to_date(Path(sys.argv[1]))
    except (OSError, sqlite3.Error) as failure:
        sys.exit(str(failure))
