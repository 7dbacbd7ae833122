"""A home directory that Claude Code knows nothing but, and what it leaves there.

It knows the files Claude Code 2.1.329 reads at its start (login, onboarding, trusted folders,
settings, cached server flags) and the ones it writes (session registry, transcripts). Nothing of
the real home is ever read, and the environment it gives is complete.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from tests.end_to_end import claude_code

Json = dict[str, Any]
Login = Literal["subscriber", "token", "api_key", "none"]

API_KEY = "sk-ant-api03-tests-only-0123456789abcdefghij"
FAR_FUTURE = 4_102_444_800  # the year 2100
CREDITS_FIRST: Json = {"tengu_jade_anvil_4": True}
"""The server flag that puts "Switch to usage credits" on the first row of the limit menu."""

TOOLS_RUN: Json = {"permissions": {"defaultMode": "default", "allow": ["Bash", "Edit", "Write"]}}
"""Settings that let tools run unasked. In auto mode, the default, the server would have to check
each tool call, and asks the user when it does not; as root no mode bypasses permissions."""


class Home:
    """One isolated home with one login; `second` adds a configuration directory beside it."""

    def __init__(
        self,
        root: Path,
        api_url: str,
        *,
        login: Login = "subscriber",
        account: str = "sk-ant-oat01-tests-only",
        native_continue: bool = True,
        flags: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        timezone: str = "UTC",
        config: Path | None = None,
    ) -> None:
        self.root = root
        self.api_url = api_url
        self.login = login
        self.account = account
        self.timezone = timezone
        self.flags = dict(flags or {})
        self.own_config = config
        self.config = config or root / ".claude"
        self.state = (config or root) / ".claude.json"
        self.config.mkdir(parents=True, exist_ok=True)
        for folder in ("config", "state", "data", "cache", "run", "tmp"):
            (root / "xdg" / folder).mkdir(parents=True, mode=0o700, exist_ok=True)
        self._seed_login()
        _write(self.state, _state(login, self.flags))
        self.settings(autoContinueAtUsageLimit=native_continue, **(settings or {}))

    def _seed_login(self) -> None:
        if self.login != "subscriber":
            return
        secrets = self.config / ".credentials.json"
        _write(
            secrets,
            {
                "claudeAiOauth": {
                    "accessToken": self.account,
                    "refreshToken": "sk-ant-ort01-tests-only",
                    "expiresAt": FAR_FUTURE * 1000,
                    "scopes": ["user:inference", "user:profile", "user:sessions:claude_code"],
                    "subscriptionType": "max",
                    "rateLimitTier": "default_claude_max_20x",
                }
            },
        )
        secrets.chmod(0o600)

    def second(self, name: str, account: str, **options: Any) -> Home:
        """Another CLAUDE_CONFIG_DIR in the same home, with a login of its own."""
        config = self.root / f".claude-{name}"
        return Home(self.root, self.api_url, account=account, config=config, **options)

    def project(self, name: str = "project", *, trusted: bool = True) -> Path:
        """A working directory; an untrusted one opens the trust dialog."""
        folder = (self.root / name).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if trusted:
            state = json.loads(self.state.read_text())
            state["projects"][str(folder)] = {
                "hasTrustDialogAccepted": True,
                "hasCompletedProjectOnboarding": True,
                "projectOnboardingSeenCount": 4,
                "allowedTools": [],
            }
            _write(self.state, state)
        return folder

    def settings(self, **values: Any) -> None:
        """Set keys of `settings.json`, keeping the others."""
        path = self.config / "settings.json"
        old = json.loads(path.read_text()) if path.exists() else {}
        _write(path, old | values)

    def env(self, **more: str) -> dict[str, str]:
        """The complete environment to start anything in, as after `env -i`."""
        xdg = self.root / "xdg"
        system = ["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        path = [str(claude_code.binary().parent), str(Path(sys.executable).parent), *system]
        env = {
            "PATH": ":".join(path),
            "HOME": str(self.root),
            "SHELL": shutil.which("bash") or "/bin/sh",
            "TZ": self.timezone,
            "TERM": "screen-256color",
            "LANG": "C.UTF-8",
            "TMPDIR": str(xdg / "tmp"),
            "XDG_CONFIG_HOME": str(xdg / "config"),
            "XDG_STATE_HOME": str(xdg / "state"),
            "XDG_DATA_HOME": str(xdg / "data"),
            "XDG_CACHE_HOME": str(xdg / "cache"),
            "XDG_RUNTIME_DIR": str(xdg / "run"),
            "ANTHROPIC_BASE_URL": self.api_url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        if self.flags:
            # With telemetry off the cached flags would not be looked at.
            env["CLAUDE_CODE_GB_DISK_CACHE_WHEN_TELEMETRY_OFF"] = "1"
        if self.own_config:
            env["CLAUDE_CONFIG_DIR"] = str(self.own_config)
        if self.login == "api_key":
            env["ANTHROPIC_API_KEY"] = API_KEY
        if self.login == "token":
            env["CLAUDE_CODE_OAUTH_TOKEN"] = self.account
        return env | more

    # What Claude Code leaves there

    def registry(self) -> list[Json]:
        """What the sessions say of themselves; after a kill -9 a dead one still does."""
        entries = (_read_json(path) for path in self.config.glob("sessions/*.json"))
        return [entry for entry in entries if entry]

    def session(self, conversation: str) -> Json:
        """The newest registry entry of a conversation, or an empty one."""
        known = [e for e in self.registry() if e.get("sessionId") == conversation]
        return max(known, key=lambda entry: int(entry.get("startedAt", 0)), default={})

    def status(self, conversation: str) -> str:
        """busy, idle, waiting or shell; empty while there is no entry."""
        return str(self.session(conversation).get("status", ""))

    def transcript_path(self, conversation: str) -> Path | None:
        return next(iter(self.config.glob(f"projects/*/{conversation}.jsonl")), None)

    def transcript(self, conversation: str) -> list[Json]:
        """The records so far; a line that is still being written is left out."""
        path = self.transcript_path(conversation)
        text = path.read_text() if path else ""
        complete = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [json.loads(line) for line in complete if line.strip()]

    def turns(self, conversation: str) -> list[str]:
        """What was typed or handed over as a prompt, by a person or by a supervisor."""
        return [_text(r) for r in _users(self.transcript(conversation)) if _origin(r) == "human"]

    def typed(self, conversation: str) -> list[float]:
        """When each of ``turns`` was written down (UTC epoch)."""
        records = [r for r in _users(self.transcript(conversation)) if _origin(r) == "human"]
        return [datetime.fromisoformat(r["timestamp"]).timestamp() for r in records]

    def continuations(self, conversation: str) -> list[str]:
        """The turns Claude Code's own auto-continue began."""
        records = _users(self.transcript(conversation))
        return [_text(r) for r in records if _origin(r) == "auto-continuation"]

    def limits(self, conversation: str) -> list[Json]:
        """The `quotaLimits` of each usage limit that was met (`resetsAt`, `rateLimitType`)."""
        records = self.transcript(conversation)
        hit = [r for r in records if r.get("apiError") == "usage_limit_reached"]
        return [r.get("quotaLimits", {}) for r in hit]

    def notices(self, conversation: str) -> list[str]:
        """Claude Code's own remarks, such as "Automatic continue cancelled ..."."""
        records = self.transcript(conversation)
        return [r["content"] for r in records if r.get("subtype") == "informational"]


def _state(login: Login, flags: Mapping[str, Any]) -> Json:
    """`~/.claude.json`, so that no first-start dialog comes up."""
    state: Json = {
        "hasCompletedOnboarding": True,
        "lastOnboardingVersion": claude_code.VERSION,
        "theme": "dark",
        "numStartups": 5,
        "installMethod": "native",
        "autoUpdates": False,
        "bypassPermissionsModeAccepted": True,
        "hasSeenTasksHint": True,
        "hasSeenAutoDefaultNotice": True,
        "hasSeenAutoDefaultNudge": True,  # a dialog after the first turn of another mode
        "projects": {},
        "cachedGrowthBookFeatures": dict(flags),
    }
    if login == "api_key":
        state["customApiKeyResponses"] = {"approved": [API_KEY[-20:]], "rejected": []}
    if login == "subscriber":
        state["oauthAccount"] = {
            "accountUuid": "11111111-1111-4111-8111-111111111111",
            "organizationUuid": "22222222-2222-4222-8222-222222222222",
            "emailAddress": "tester@example.com",
            "organizationName": "Tests",
            "displayName": "Tester",
            "organizationRole": "admin",
            "hasExtraUsageEnabled": False,
            "billingType": "stripe_subscription",
            "organizationType": "claude_max",
            "organizationRateLimitTier": "default_claude_max_20x",
        }
    return state


def _users(records: list[Json]) -> list[Json]:
    return [r for r in records if r.get("type") == "user" and not r.get("isSidechain")]


def _origin(record: Json) -> str:
    origin = record.get("origin")
    return str(origin.get("kind", "")) if isinstance(origin, dict) else ""


def _text(record: Json) -> str:
    content = record["message"]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def _write(path: Path, value: Json) -> None:
    path.write_text(json.dumps(value, indent=2))


def _read_json(path: Path) -> Json:
    """A registry file may vanish or be half written while we look."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
