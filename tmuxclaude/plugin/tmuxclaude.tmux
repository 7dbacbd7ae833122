#!/usr/bin/env bash
# Binds tmuxclaude's keys. tpm runs this when tmux starts, or a line of tmux.conf does:
#     run-shell /path/to/tmuxclaude.tmux
# Quick and silent, no Python, safe to repeat: a reload takes back what the last load did. What is
# wrong is told in tmux's own message line. docs/tmux.md describes the options.

set -f # a key may be * or ?
plugin=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=loading.bash
. "$plugin/loading.bash"

version=$(tmux -V 2>/dev/null)
if ! recent "$version"; then
    tmux display-message "tmuxclaude needs tmux 3.2 or newer, and this is ${version:-older}: no key is bound" 2>/dev/null
    exit 0
fi

release_keys
tmux set-option -g @tmuxclaude-plugin "$plugin"

size popup-width 90% && width=$size
size popup-height 80% && height=$size
for key in $(keys_of key C); do
    bind_key key "$key" "tmuxclaude: pick a session" "$(popup "$width" "$height" "$key")"
done
for key in $(keys_of new-key); do
    bind_key new-key "$key" "tmuxclaude: a new session here" "$(deed new)"
done
for key in $(keys_of pause-key); do
    bind_key pause-key "$key" "tmuxclaude: pause all resumes, or go on" "$(deed pause)"
done
for key in $(keys_of customize-key); do
    bind_key customize-key "$key" "Customize options" "if-shell -F '#{@tmuxclaude-plugin}' 'customize-mode -Z'"
done
tmux set-option -g @tmuxclaude-bound "$bound"

show_status "$(tmux show-options -gqv @tmuxclaude-status)"
[ -z "$wrong" ] || say "tmuxclaude: ${wrong#; }"
exit 0
