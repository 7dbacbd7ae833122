"""Surveys every conversation of every account: lists their files, reads only what is new.

Joins the listing and the reader of ``edges``, the fold of ``claude`` and the cache of ``store``.
One bad file is named and costs the others nothing; interrupted, what was read stays read. Knows
neither sessions nor git.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.claude import activity
from tmuxclaude.core.conversations import Mark, Transcript
from tmuxclaude.edges import claude_files, claude_scan
from tmuxclaude.edges.claude_files import Chunk, Position
from tmuxclaude.store.conversations import Cache
from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError

SAVE_SECONDS = 0.5
"""How often what was read is written down: as much is lost by a kill."""

TRIES = 3
"""How often a file is begun anew that is replaced while it is read."""

Tell = Callable[[int, int], None]
"""Told how many bytes were read of how many. Whatever it raises ends the survey."""


@dataclass(slots=True)
class Survey:
    """``transcripts``: those that were asked for, the latest first within each account.

    ``files``: how many there are in all; ``read``: how many had something new. ``problems``: by
    path, what could not be read or was skipped; and why the cache was of no use.
    """

    transcripts: list[Transcript] = field(default_factory=list)
    files: int = 0
    read: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def survey(
    accounts: Iterable[str], cache: Path, since: float | None = None, tell: Tell = lambda *_: None
) -> Survey:
    """Every conversation whose last record is not older than ``since`` (UTC epoch seconds).

    ``accounts``: absolute directories. ``cache``: the file of what is known already. Raises
    ``RefusedError`` when that is no file of ours.
    """
    accounts = tuple(accounts)
    for _ in range(2):  # what is found to be damaged on the way is gone the second time
        try:
            return _surveyed(accounts, Cache.open(cache, activity.VERSION), since, tell)
        except DatabaseUnreadableError:
            Cache.remove(cache)
        except DatabaseUnavailableError as problem:
            found = _surveyed(accounts, Cache.in_memory(), since, tell)
            found.problems[str(cache)] = f"everything was read anew: {problem}"
            return found
    return _surveyed(accounts, Cache.in_memory(), since, tell)


def _surveyed(accounts: Iterable[str], cache: Cache, since: float | None, tell: Tell) -> Survey:
    try:
        found = Survey()
        changed: dict[str, tuple[str, Mark]] = {}
        for account in accounts:
            changed |= _changed(account, cache, found)
        found.read = len(changed)
        _read_all(changed, cache, found, tell)
        for account in accounts:
            found.problems = cache.problems(account) | found.problems
            found.transcripts += cache.since(account, since)
        return found
    finally:
        cache.close()


def _changed(account: str, cache: Cache, found: Survey) -> dict[str, tuple[str, Mark]]:
    """The files of an account that are not as they were when they were read; the others are."""
    listing, known = claude_scan.transcripts(account), cache.marks(account)
    found.files += len(listing.marks)
    found.problems |= listing.problems
    if not listing.problems:
        cache.forget(known.keys() - listing.marks.keys())
    return {
        path: (account, mark) for path, mark in listing.marks.items() if known.get(path) != mark
    }


def _read_all(
    changed: dict[str, tuple[str, Mark]], cache: Cache, found: Survey, tell: Tell
) -> None:
    """Reads them, the latest first, and writes down how far it has come."""
    total, done = sum(mark[2] for _, mark in changed.values()), 0
    fresh: dict[str, Transcript] = {}
    saved_at = time.monotonic()
    try:
        for path, (account, mark) in sorted(changed.items(), key=lambda one: -one[1][1][3]):
            for state in _read(path, account, mark, cache.get(path)):
                if isinstance(state, str):
                    found.problems[path] = state
                    continue
                fresh[path] = state
                tell(min(done + state.offset, total), total)
                if time.monotonic() - saved_at > SAVE_SECONDS:
                    cache.save(fresh.values())
                    fresh, saved_at = {}, time.monotonic()
            done += mark[2]
    finally:
        cache.save(fresh.values())


def _read(
    path: str, account: str, mark: Mark, known: Transcript | None
) -> Iterator[Transcript | str]:
    """What is known of one file after each piece that was read; a text: why it cannot be read."""
    device, inode, size, _ = mark
    if known is None or not _goes_on(known, mark):
        known = Transcript(path, account, device, inode, size, -1, 0, False, activity.EMPTY)
    for _ in range(TRIES):
        more = True
        while more:
            position = Position(known.device, known.inode, known.offset, known.skipping)
            chunk = claude_files.follow(Path(path), position)
            if chunk.position is None or (chunk.problems and not chunk.size):
                if chunk.problems != ("missing",):  # it was removed meanwhile
                    yield "; ".join(chunk.problems)
                return
            if chunk.restarted:
                break
            known, more = _after(known, chunk), chunk.more
            yield known
        else:
            return
        start = chunk.position
        known = Transcript(
            *(path, account, start.device, start.inode, chunk.size, -1, 0, False, activity.EMPTY)
        )
    yield "it was replaced again and again while it was read"


def _goes_on(known: Transcript, mark: Mark) -> bool:
    """Whether a file that changed has only grown since it was read; else it is read anew."""
    device, inode, size, _ = mark
    grown = size > known.size or (known.mtime_ns < 0 and size >= known.offset)
    return (known.device, known.inode) == (device, inode) and grown


def _after(known: Transcript, chunk: Chunk) -> Transcript:
    """What is known of a file after one more piece of it."""
    at = chunk.position
    assert at is not None
    return Transcript(
        path=known.path,
        account=known.account,
        device=at.device,
        inode=at.inode,
        size=chunk.size,
        mtime_ns=-1 if chunk.more else chunk.mtime_ns,
        offset=at.offset,
        skipping=at.skipping,
        activity=activity.fold(known.activity, chunk.lines),
        problems=_together(known.problems, chunk.problems),
    )


def _together(before: str, more: Iterable[str]) -> str:
    """What was skipped in all: the same reasons with their counts added up."""
    counts: dict[str, int] = {}
    for one in (*filter(None, before.split("; ")), *more):
        why, _, count = one.rpartition(": ")
        counts[why] = counts.get(why, 0) + int(count)
    return "; ".join(f"{why}: {count}" for why, count in counts.items())
