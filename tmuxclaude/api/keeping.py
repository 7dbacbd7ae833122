"""import and cleanup: the registry takes in what was exported, and forgets what is long over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.api.adopting import Adopter
from tmuxclaude.api.wants import Leftovers, Watch
from tmuxclaude.core import errors
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.model import Session
from tmuxclaude.store import cleaning, importing, merging
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Keeping:
    """Each request is one transaction."""

    books: Books
    adopter: Adopter
    leftovers: Leftovers
    watch: Watch
    now: Callable[[], float]

    def take_in(self, order: wire.Import) -> wire.Imported:
        """Adds what is not known yet of an export that was left for us."""
        path = self.leftovers.incoming(order.token)
        try:
            tables = importing.load(path)
            merged = merging.merge(self.books.db, tables)
        finally:
            path.unlink(missing_ok=True)
        self.watch.reconsider()
        return wire.Imported(**asdict(merged))

    def clean_up(self, order: wire.Cleanup) -> wire.Cleaned:
        """Forgets what ended long ago."""
        now = self.now()
        before, dry = now - order.older_than, order.dry_run
        strange = self.books.sessions.illegible
        over = cleaning.outlived(self.books.db, before, strange)
        stay = {session.uid for session in self.books.sessions.all()} | set(strange)
        files = self._leftovers(order, stay - {session.uid for session in over}, dry=True)
        if not dry:
            over = [session for session in over if self._forget(session)]
            stay -= {session.uid for session in over}
            self._leftovers(order, stay, dry=False)
            files = [path for path in files if not path.exists()]
        names = [session.name for session in over]
        events = cleaning.loose_events(self.books.db, before, dry)
        if names and not dry:
            words = f"{counted(len(names), 'ended session')} forgotten, by you"
            self.books.events.note(now, "", "cleaned up", words)
        paths = [str(path) for path in files]
        return wire.Cleaned(sessions=names, events=events, files=paths, dry_run=dry)

    def _leftovers(self, order: wire.Cleanup, known: set[str], dry: bool) -> list[Path]:
        """The files that are old enough and belong to none of ``known``; removed unless ``dry``."""
        clock = time.time()  # the machine's stamps files, whatever time the supervisor lives by
        return self.leftovers.sweep(clock - order.older_than, clock, known, dry)

    def _forget(self, session: Session) -> bool:
        """Whether it is forgotten; not while its tmux server does not answer."""
        try:
            self.adopter.let_go(session)
        except errors.UnreachableError:
            return False
        self.books.sessions.remove(session.uid)
        self.watch.drop(session.uid)
        return True
