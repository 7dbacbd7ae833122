"""Sessions by what their clients call them."""

from __future__ import annotations

from tmuxclaude.core import errors, names
from tmuxclaude.core.model import Session
from tmuxclaude.store.books import Books


def named(books: Books, name: str) -> Session:
    """The session with this name; raises ``NotFoundError`` that says which ones there are."""
    session = books.sessions.by_name(name)
    if session is None:
        known = {session.name for session in books.sessions.all()}
        raise errors.NotFoundError(names.no_such(name, sorted(known)))
    return session


def chosen(books: Books, names: list[str], group: str | None) -> list[Session]:
    """The sessions with these names, or those of a group that have not ended; none for neither.

    Raises ``NotFoundError`` when one is not there, or nobody is in the group.
    """
    if group is None:
        return [named(books, name) for name in names]
    if names:
        raise errors.UsageError("give names or a group, not both; nothing was done")
    if not group:
        raise errors.UsageError("an empty text means no group; nothing was done")
    members = books.labels.members(group)
    found = [session for session in books.sessions.not_ended() if session.uid in members]
    if not found:
        gone = "every session in it has ended" if members else "no session is in it"
        raise errors.NotFoundError(f"the group {group!r:.60}: {gone}; nothing was done")
    return found


def called(books: Books, word: str) -> Session:
    """The session that ``word`` means: its uid, a conversation of its, or its name.

    Raises ``NotFoundError``.
    """
    found = books.sessions.get(word) or books.sessions.of_conversation(word.lower())
    return found if found is not None else named(books, word)
