"""The flags and commands of Claude Code's command line, as tables. What to do with them: `launch`.

Those of Claude Code 2.1.329: its ``--help``, and the hidden ones that its parser knows.
"""

from __future__ import annotations


def _table(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMANDS = _table("""
    agents attach auth auto-mode daemon design-login doctor gateway help import
    import-conversations install kill logs mcp plugin plugins project purge remote-control respawn
    rm sandbox setup setup-token stop ultrareview update upgrade workspace-trust
""")
"""A first bare word that is one of these is no prompt but a command, even after ``--``."""

LONG = {
    "-c": "--continue",
    "-d": "--debug",
    "-d2e": "--debug-to-stderr",
    "-h": "--help",
    "-n": "--name",
    "-p": "--print",
    "-r": "--resume",
    "-v": "--version",
    "-w": "--worktree",
}
"""The short forms."""

SWITCHES = _table("""
    --agents-view-if-allowed --allow-dangerously-skip-permissions --allow-other-models
    --await-claim --await-initialize --ax-screen-reader --background --bare --bg --brief --chrome
    --continue --dangerously-skip-permissions --debug-to-stderr --deep-link-origin --desktop
    --disable-slash-commands --enable-auth-status --enable-auto-mode
    --exclude-dynamic-system-prompt-sections --fork-session --forward-subagent-text --help
    --hold-repository-while-parked --host-auth-is-org-sign-in --ide --include-hook-events
    --include-partial-messages --include-unsupported-models --init --init-only --maintenance
    --managed-settings-in-initialize --no-chrome --no-session-persistence --plan-mode-required
    --print --replay-user-messages --reply-on-resume --restricted --safe-mode --session-mirror
    --strict-mcp-config --tmux --verbose --version
""")
"""Take no value."""

VALUED = _table("""
    --advisor --agent --agent-color --agent-id --agent-name --agent-type --agents
    --append-subagent-system-prompt --append-subagent-system-prompt-file --append-system-prompt
    --append-system-prompt-file --attach-serve --autocompact --client-data-url --correlation-id
    --debug-file --deep-link-cwd-b64 --deep-link-last-fetch --deep-link-repo --effort
    --environment --exec --fallback-model --fast-mode --forward-home-settings --handle-uri
    --inherit-permission-mode --initialize-fields --input-format --json-schema --lead-verify-key
    --managed-settings --max-budget-usd --max-thinking-tokens --max-turns --messaging-socket-path
    --metadata --model --name --on-branch --output-format --parent-session-id --permission-mode
    --permission-prompt-tool --permission-prompts --plan-mode-instructions --plugin-dir
    --plugin-dir-no-mcp --plugin-url --pool --prefill --prefill-b64 --proactivity
    --project-config-root --ref --remote-control-session-name-prefix --resume-drops-turn
    --resume-session-at --rewind-files --routine --runner-declares --sdk-url
    --session-began-as-copy --session-id --setting-sources --settings --system-prompt
    --system-prompt-file --system-prompt-snapshot --task-budget --team-name --teammate-mode
    --thinking --thinking-display --watch-artifact --watch-artifact-no-autoreact --workload
""")
"""Take the next word, whatever it is."""

VARIADIC = _table("""
    --add-dir --allowed-tools --allowedTools --betas --channels
    --dangerously-load-development-channels --disallowed-tools --disallowedTools --file
    --mcp-config --tools
""")
"""Take the next word, and every word after it up to the next flag: a prompt too."""

OPTIONAL = _table("""
    --cloud --debug --from-pr --prompt-suggestions --rc --remote --remote-control --resume
    --teleport --worktree
""")
"""Take the next word unless it is a flag."""

CHOOSING = _table("""
    --continue --fork-session --from-pr --resume --session-id --teleport
""")
"""Say which conversation is opened: instead of ours, and never again at a relaunch."""

ONCE = _table("""
    --deep-link-cwd-b64 --deep-link-last-fetch --deep-link-origin --deep-link-repo --init
    --maintenance --prefill --prefill-b64 --reply-on-resume --resume-drops-turn --resume-session-at
""")
"""Belong to the first start only: at a relaunch they would fill the prompt box or rewind."""

_NO_SESSION = {
    "--help --version": "shows a text and ends",
    "--print --init-only --rewind-files --sdk-url --exec --handle-uri": "answers and ends",
    "--background --bg --routine": "starts without a terminal",
    "--cloud --remote --environment --pool --attach-serve": "starts a session in the cloud",
    "--desktop": "opens the desktop app",
}
NO_SESSION = {flag: reason for flags, reason in _NO_SESSION.items() for flag in flags.split()}
"""Open no interactive session in this terminal, and why."""

ELSEWHERE = {
    "--tmux": "opens a tmux session of its own",
    "--worktree": "moves into a worktree that a relaunch could reset",
}
"""Open one in this terminal, but in a place that is not known before, and why."""
