# Two commands do everything: `make demo` shows tmuxclaude at work, `make test` passes the tests.
# Both set up what they need (see scripts/setup).
.NOTPARALLEL:
.PHONY: help setup demo test check pure end-to-end scenarios test-long record reliability load soak bench docs pictures clean

PYTHON_BIN = .venv/bin/python
E2E ?= 1

# Side by side; what fails on a busy machine is tried once more, alone, and that is said.
define side_by_side
$(1) --dist worksteal || { test $$? = 1 \
	&& echo '*** What failed beside the others is tried once more, alone. ***' \
	&& $(1) -n 0 --last-failed --last-failed-no-failures none; }
endef

help:
	@echo 'make demo     see the main job in under a minute, without Claude Code'
	@echo 'make test     check and test everything (E2E=0 skips the tests with the real Claude Code)'
	@echo 'make check    lint, format, types, floors, generated pages'
	@echo 'make test-long  the tests that wait for Claude Code itself, some ten minutes'
	@echo 'make record VERSION=...  play a Claude Code through its states and tell what changed'
	@echo 'make reliability  the promises with figures, measured here and now; some half an hour'
	@echo 'make soak     ten minutes of sessions that stop, die and come back'
	@echo 'make load     10 sessions, 100 messages each, the supervisor killed a dozen times'
	@echo 'make bench    figures, measured here and now'
	@echo 'make setup    only the virtual environment and tmux'
	@echo 'make docs     write the generated pages anew'
	@echo 'make pictures  take the pictures of the docs anew'

setup:
	@scripts/setup dev

demo:
	@scripts/setup
	@.venv/bin/tmuxclaude demo

test: setup check pure end-to-end

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTHON_BIN) docs/generate.py --check

pure: setup
	$(call side_by_side,$(PYTHON_BIN) -m pytest tests --ignore=tests/end_to_end -n 4)

ifeq ($(E2E),0)
end-to-end:
	@echo '*** E2E=0: THE END-TO-END TESTS WERE SKIPPED. Nothing ran against the real Claude Code. ***'
else
end-to-end: setup
	@test -x "$$($(PYTHON_BIN) -c 'from tests.end_to_end.claude_code import binary; print(binary())')" \
		|| scripts/setup dev npm
	$(PYTHON_BIN) -m tests.end_to_end.claude_code
	$(call side_by_side,$(PYTHON_BIN) -m tests.end_to_end.isolated $(PYTHON_BIN) -m pytest tests/end_to_end -n 6 -m 'not long')
endif

# They only wait, so all of them side by side.
test-long: setup
	$(PYTHON_BIN) -m tests.end_to_end.claude_code
	$(PYTHON_BIN) -m tests.end_to_end.isolated $(PYTHON_BIN) -m pytest tests/end_to_end -n 4 -m long

# VERSION: another Claude Code; LONG=1: the states of minutes too; ONLY: some states; KEEP=1: what
# is recorded are the expectations from now on.
record: export E2E_CLAUDE_VERSION = $(VERSION)
record: setup
	$(PYTHON_BIN) -m tests.end_to_end.claude_code
	$(PYTHON_BIN) -m tests.end_to_end.isolated $(PYTHON_BIN) -m tests.recording \
		$(if $(LONG),--long) $(if $(KEEP),--keep) $(ONLY)

scenarios: setup
	$(PYTHON_BIN) -m tests.end_to_end.claude_code
	$(PYTHON_BIN) -m tests.end_to_end.isolated $(PYTHON_BIN) -m pytest tests/end_to_end/test_scenarios.py -n 2

reliability: setup
	$(PYTHON_BIN) -m tests.reliability

load: setup
	$(PYTHON_BIN) -m tests.load

soak: setup
	$(PYTHON_BIN) -m tests.reliability.soak

bench: setup
	$(PYTHON_BIN) -m tests.bench

docs: setup
	$(PYTHON_BIN) docs/generate.py

pictures: setup
	$(PYTHON_BIN) -m tests.pictures

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
