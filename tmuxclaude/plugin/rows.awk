# Prints the rows of the second file, in the places that the first file says; see the script `rows`.
# A line of the first: the pane's nonce and the session's name, by either of which a row is known.

BEGIN {
    FS = OFS = "\t"
    order = ARGV[1]
    told = ENVIRON["notice"] ? "\033[1;31m" ENVIRON["notice"] : ENVIRON["said"] ? "\033[1m" ENVIRON["said"] : ""
}

FILENAME == order { nonces[++places] = $1; names[places] = $2; next }
FNR == 1 { next }
$1 == "head" {
    fields = NF
    if (++heads == 2 && told) in_all_layouts(told "\033[m")
    print
    next
}
{
    line[++count] = $0; nonce[count] = $6; name[count] = $2
    hidden[count] = $1 == "past" && !ENVIRON["past"]
    by_name[$2] = count
    if ($6) by_nonce[$6] = count
}

function in_all_layouts(text, field) {
    for (field = 7; field <= fields; field++) $field = text
}

function put(text, nonce, name) {
    print text
    kept = kept nonce "\t" name "\n"
}

END {
    for (place = 1; place <= places; place++) {
        row = nonces[place] in by_nonce ? by_nonce[nonces[place]] : by_name[names[place]]
        if (!row) {
            $0 = "gone\t" names[place] "\t\t\t\t"
            in_all_layouts("\033[2m" names[place] "  is no more\033[m")
            put($0, nonces[place], names[place])
        } else if (!done[row]++)
            put(line[row], nonce[row], name[row])
    }
    for (row = 1; row <= count; row++)
        if (!done[row] && !hidden[row]) put(line[row], nonce[row], name[row])
    printf "%s", kept > order
}
