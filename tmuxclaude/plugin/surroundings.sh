# What the scripts behind a key have in common: where our files and our program are, and how to say
# something. The script that reads this has set `plugin`, this folder.

# The runtime directory, by the rules of edges/paths.py.
absolute() {
    case ${1-} in /*) ;; *) false ;; esac
}
if [ -n "${TMUXCLAUDE_STATE_DIR-}" ]; then
    state=$TMUXCLAUDE_STATE_DIR
elif absolute "${XDG_STATE_HOME-}"; then
    state=$XDG_STATE_HOME/tmuxclaude
else
    state=$HOME/.local/state/tmuxclaude
fi
if [ -n "${TMUXCLAUDE_RUNTIME_DIR-}" ]; then
    runtime=$TMUXCLAUDE_RUNTIME_DIR
elif absolute "${XDG_RUNTIME_DIR-}"; then
    runtime=$XDG_RUNTIME_DIR/tmuxclaude
else
    runtime=$state/run
fi
# That of the supervisor that runs comes first, as in edges/listening.py.
if [ -f "$state/supervisor.lock" ] && { read -r _ && IFS= read -r named; } <"$state/supervisor.lock" &&
    absolute "$named" && [ -O "$named" ] && [ -S "$named/supervisor.sock" ] && [ -O "$named/supervisor.sock" ]; then
    runtime=$named
fi

# say TEXT: to the user; in tmux in the message line of the client whose key was pressed.
say() {
    if [ -n "${TMUXCLAUDE_CLIENT-}" ]; then
        tmux display-message -c "$TMUXCLAUDE_CLIENT" -d 5000 "$(printf '%s' "$1" | tr '\n' ' ' | sed 's/[#%]/&&/g')"
    else
        printf '%s\n' "$1" >&2
    fi
}

# find_program: TMUXCLAUDE_BIN is the program tmuxclaude, absolute. What @tmuxclaude-bin says comes
# first, then PATH, then where pip or scripts/setup put it beside this folder.
find_program() {
    if [ -n "${TMUXCLAUDE_BIN-}" ]; then
        command -v "$TMUXCLAUDE_BIN" >/dev/null && return
        say "tmuxclaude: @tmuxclaude-bin is $TMUXCLAUDE_BIN, and there is no such program"
        return 1
    fi
    for TMUXCLAUDE_BIN in \
        "$(command -v tmuxclaude)" "$plugin/../../.venv/bin/tmuxclaude" "$plugin/../../../../../bin/tmuxclaude"; do
        [ ! -x "$TMUXCLAUDE_BIN" ] || { export TMUXCLAUDE_BIN && return; }
    done
    say "tmuxclaude: the program is not on tmux's PATH; set -g @tmuxclaude-bin /path/to/tmuxclaude"
    return 1
}
