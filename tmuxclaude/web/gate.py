"""Who may ask, and how much: what is checked of every request before anything looks into it.

Any local user can connect to a port of the loopback, and so can any web page that a browser shows.
The token keeps out both; the exact host keeps out names that were made to point here, and no
browser's request passes at all. Knows headers and sizes; knows no endpoint and no framework.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from secrets import compare_digest

MAX_BODY = 64 * 1024
"""The most bytes that a body may have."""

BROWSERS = (b"origin", b"sec-fetch-site")
"""Headers that browsers send, and nobody else does."""

JSON = (b"application/json", b"application/json;charset=utf-8")

Headers = Iterable[tuple[bytes, bytes]]
"""Names in lower case, each header on its own."""


class RefusalError(Exception):
    """An answer of HTTP that says no. ``code``: a word for programs."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Gate:
    """``port``: where we listen. ``token``: who has it is this user, or has been told it."""

    port: int
    token: str

    def check(self, headers: Headers) -> None:
        """Raises ``RefusalError`` for a request with these headers that may not pass."""
        kept = [(name, value.strip()) for name, value in headers]
        hosts = [b"127.0.0.1:%d" % self.port, b"localhost:%d" % self.port]
        if _only(kept, b"host").lower() not in hosts:
            raise RefusalError(421, "wrong_host", f"ask for 127.0.0.1:{self.port}")
        if any(name in BROWSERS for name, _ in kept):
            raise RefusalError(403, "browser", "no browser may ask; nothing was done")
        scheme, _, given = _only(kept, b"authorization").partition(b" ")
        right = compare_digest(given.strip(), self.token.encode("ascii"))
        if scheme.lower() != b"bearer" or not right:
            raise RefusalError(
                401, "no_token", "send the token as: Authorization: Bearer TOKEN; nothing was done"
            )

    @staticmethod
    def check_body(headers: Headers) -> None:
        """Raises ``RefusalError`` when these headers say that the body is no plain JSON."""
        kept = [(name, value.strip()) for name, value in headers]
        if _only(kept, b"content-type").lower().replace(b" ", b"") not in JSON:
            raise RefusalError(
                415, "not_json", "the Content-Type must be application/json; nothing was done"
            )
        if any(name == b"content-encoding" for name, _ in kept):
            raise RefusalError(415, "encoded", "a body is read only as it is; nothing was done")


def _only(headers: Headers, name: bytes) -> bytes:
    """The value of a header that stands there once; else nothing."""
    found = [value for key, value in headers if key == name]
    return found[0] if len(found) == 1 else b""
