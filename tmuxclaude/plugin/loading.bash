# What tmuxclaude.tmux is made of: reading options, binding keys, the status line.
#
# Two options of ours remember what the last load did: @tmuxclaude-plugin is this folder, and a
# binding that names it is ours; @tmuxclaude-bound are the keys. What a key did before us waits in
# the key table `tmuxclaude-before`, which nothing else uses.

bound=
wrong=

# recent VERSION: `tmux -V` says 3.2 or newer. 3.10 is newer than 3.2; master has no number; OpenBSD
# gives its own tmux the number of the system.
recent() {
    case $1 in *master*) return 0 ;; esac
    [[ $1 =~ ([0-9]+)\.([0-9]+) ]] || return 1
    local major=$((10#${BASH_REMATCH[1]})) minor=$((10#${BASH_REMATCH[2]}))
    case $1 in *openbsd*) return $((major < 7)) ;; esac
    ((major > 3 || (major == 3 && minor >= 2)))
}

# complain TEXT: to be told when all is done.
complain() {
    wrong="$wrong; $1"
}

# say TEXT: now where somebody is attached, else to the first who attaches.
say() {
    local text=${1//\#/##}
    text=${text//%/%%} # tmux reads it as a format with a time in it
    if [ -n "$(tmux list-clients 2>/dev/null)" ]; then
        tmux display-message -d 8000 "$text"
    else
        text=${text//[\'\\]/}
        tmux set-hook -g 'client-attached[7300]' \
            "set-hook -gu 'client-attached[7300]' ; display-message -d 8000 '$text'"
    fi
}

# keys_of OPTION [DEFAULT]: the keys of @tmuxclaude-OPTION; an empty option or `none` means no key.
keys_of() {
    local keys=${2-}
    [ -z "$(tmux show-options -gq "@tmuxclaude-$1")" ] || keys=$(tmux show-options -gv "@tmuxclaude-$1")
    [ "$keys" = none ] || echo "$keys"
}

# size OPTION DEFAULT: a number of cells or of per cent, in $size.
size() {
    size=$(tmux show-options -gqv "@tmuxclaude-$1")
    [ -n "$size" ] || size=$2
    [[ $size =~ ^[1-9][0-9]{0,3}$ || $size =~ ^([1-9][0-9]?|100)%$ ]] && return
    complain "@tmuxclaude-$1 \"$size\" is no size such as 80% or 100"
    size=$2
}

# popup WIDTH HEIGHT KEY: the command that opens the picker. run-shell -C starts no process: it is
# there because display-popup itself takes no formats but in -d, which must stay where it is, for a
# directory's name is anybody's. Words of their own, not a shell's line: no shell is started.
popup() {
    local key=$3 wide="#{?#{e|<:#{client_width},$1},#{client_width},$1}" small='#{||:#{e|<:#{client_width},20},#{e|<:#{client_height},9}}'
    case $1 in *%) wide="#{e|/:#{e|*:#{client_width},${1%\%}},100}" ;; esac
    case $key in *[\"\'\$\#\~\{\}\\,]*) key= ;; esac # not worth their quoting; Escape closes as well
    echo "run-shell -C '#{?$small," \
        'display-message "This terminal is too small for the picker of tmuxclaude",' \
        "display-popup -E -w $1 -h $2 -d \"##{pane_current_path#}\"" \
        '/bin/sh "#{q:@tmuxclaude-plugin}/pick" "#{q:client_name}" "#{q:prefix}"' \
        "\"$key\" \"#{q:@tmuxclaude-bin}\" #{client_height} $wide}'"
}

# deed ACTION: the command that does it and tells the outcome in the message line.
deed() {
    echo "run-shell -b '/bin/sh #{q:@tmuxclaude-plugin}/key $1 #{q:client_name} #{pane_id} #{q:@tmuxclaude-bin}'"
}

# bind_key OPTION KEY NOTE COMMAND
bind_key() {
    local before
    before=$(tmux list-keys -T prefix "${2%;}" 2>/dev/null | grep '^bind-key')
    case $2 in
    *\;) complain "@tmuxclaude-$1 \"$2\" cannot be bound" ;;
    *)
        # What tmux says to it, or a code that it gives, can be of a hook of the user.
        tmux bind-key -N "$3" "$2" "$4" >/dev/null 2>&1
        if [[ $(tmux list-keys -T prefix "$2" 2>/dev/null) != *@tmuxclaude-plugin* ]]; then
            complain "@tmuxclaude-$1 \"$2\" is no key"
            return
        fi
        bound="$bound $2"
        echo "${before/ -T prefix / -T tmuxclaude-before }" | tmux source-file - >/dev/null 2>&1
        ;;
    esac
}

# release_keys: what the last load bound and nobody bound since does again what it did before.
release_keys() {
    local key
    for key in $(tmux show-options -gqv @tmuxclaude-bound); do
        case $(tmux list-keys -T prefix "$key" 2>/dev/null) in
        *@tmuxclaude-plugin*)
            tmux unbind-key "$key"
            tmux list-keys -T tmuxclaude-before "$key" 2>/dev/null |
                sed -n '/^bind-key/s/ -T tmuxclaude-before / -T prefix /p' |
                tmux source-file - >/dev/null 2>&1
            ;;
        esac
        tmux unbind-key -T tmuxclaude-before "$key" 2>/dev/null
    done
}

# show_status VALUE: `on` puts the segment before what stands in status-right, once; else takes it away.
show_status() {
    local segment='#{?#{T:@tmuxclaude-segment},#{T:@tmuxclaude-segment} ,}' right
    right=$(tmux show-options -gv status-right)
    case $1 in
    on | 1 | yes) [[ $right == *@tmuxclaude-segment* ]] || tmux set-option -g status-right "$segment$right" ;;
    '' | off | 0 | no | none) [[ $right != "$segment"* ]] || tmux set-option -g status-right "${right#"$segment"}" ;;
    *) complain "@tmuxclaude-status \"$1\" is neither on nor off" ;;
    esac
}
