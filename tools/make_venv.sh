#!/bin/sh
# Makes the virtual environment $1 with the Python $2, else with the newest Python >= 3.11 that can make one.
set -eu

venv=$1
wanted=${2:-}
# The version is asked of the program itself: a name on the PATH may be a shim that starts nothing.
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
unable=

for python in ${wanted:-python3.14 python3.13 python3.12 python3.11 python3}; do
    "$python" -c "$new_enough" >/dev/null 2>&1 || continue
    if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "Making $venv with $("$python" --version)"
        exec "$python" -m venv --clear "$venv"
    fi
    unable=${unable:-$python}
done

if [ -n "$unable" ]; then
    minor=$("$unable" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$unable cannot make a virtual environment: its ensurepip is missing." >&2
    echo "On Debian or Ubuntu: apt-get install python$minor-venv, then try again." >&2
elif [ -n "$wanted" ]; then
    echo "PYTHON=$wanted is not a Python 3.11 or newer." >&2
else
    echo "Roadlens needs Python 3.11 or newer; none was found. PYTHON=/path/to/python3 names one elsewhere." >&2
fi
exit 1
