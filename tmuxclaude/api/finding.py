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


def called(books: Books, word: str) -> Session:
    """The session that ``word`` means: its uid, a conversation of its, or its name.

    Raises ``NotFoundError``.
    """
    found = books.sessions.get(word) or books.sessions.of_conversation(word.lower())
    return found if found is not None else named(books, word)
