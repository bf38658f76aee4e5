# Says which of the programs given are missing, and fails if any is. Debian's packages have the programs' names.
missing=
for program; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] || { echo "Install what is missing first, as Debian's packages:$missing" >&2; exit 1; }
