#!/usr/bin/env bash
exec "$(dirname "${BASH_SOURCE[0]}")/tmuxclaude/plugin/tmuxclaude.tmux" # tpm runs only *.tmux files that lie here
