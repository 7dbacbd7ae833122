"""The errors that reach people, as one tree by whose fault it is.

A message says what happened, what was left untouched, and what to do next. The exit code and the
``code`` (the word other programs see over the socket) belong to the class; a command never chooses
its own.
"""


class TmuxclaudeError(Exception):
    """Our own fault: a bug, or a state that should not exist."""

    exit_code = 70
    code = "internal"


class UsageError(TmuxclaudeError):
    """The call cannot be understood: a bad name, option, configuration value or directory."""

    exit_code = 2
    code = "usage"


class NotFoundError(TmuxclaudeError):
    """What was named is not there: no such session, conversation or program."""

    exit_code = 3
    code = "not_found"


class RefusedError(TmuxclaudeError):
    """Understood and refused by a rule; doing it would break a promise."""

    exit_code = 4
    code = "refused"


class UnreachableError(TmuxclaudeError):
    """tmux or the supervisor does not answer."""

    exit_code = 5
    code = "unreachable"


class EndingError(UnreachableError):
    """The supervisor ends just now, in order; what was asked was not done."""

    code = "ending"


class AlreadyRunningError(TmuxclaudeError):
    """Another supervisor of this user holds the lock."""

    exit_code = 75
    code = "already_running"


BY_CODE: dict[str, type[TmuxclaudeError]] = {
    kind.code: kind
    for kind in (
        TmuxclaudeError,
        UsageError,
        NotFoundError,
        RefusedError,
        EndingError,
        UnreachableError,
        AlreadyRunningError,
    )
}
"""The class for each ``code``: how an error that crossed the socket is raised again."""
