#!/bin/sh
# Writes the passwords and keys that compose.yaml names into deploy/secrets/, or the directory $1, each once: what is there
# stays. Compose mounts single files as they are, so that the containers' users must be able to read them; the directory
# keeps everybody else out.
set -eu

secrets=${1:-$(dirname "$0")/secrets}
mkdir -p -m 0700 "$secrets"

for name in postgres_password database_password redis_password secret_key admin_password grafana_password; do
    [ ! -e "$secrets/$name" ] || continue
    # 48 letters and digits, 285 bits: they go through every shell, address and configuration file.
    head -c 512 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | head -c 48 >"$secrets/$name.new"
    [ "$(wc -c <"$secrets/$name.new")" -eq 48 ]
    chmod 0444 "$secrets/$name.new"
    mv "$secrets/$name.new" "$secrets/$name"
    echo "Made $secrets/$name"
done
