#!/bin/sh
# Makes Roadlens's role and database in a new PostgreSQL. The role owns its database and is nothing else: no superuser, no
# maker of roles. The image of PostgreSQL runs this once; by hand, as a superuser: ROADLENS_PASSWORD_FILE=… PGUSER=… sh roadlens.sh
set -eu

# psql reads the password itself, so that no list of processes shows it.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname postgres <<'END'
\set password `cat "$ROADLENS_PASSWORD_FILE"`
CREATE ROLE roadlens LOGIN PASSWORD :'password' CONNECTION LIMIT 90;
CREATE DATABASE roadlens OWNER roadlens;
REVOKE CONNECT ON DATABASE roadlens FROM PUBLIC;
END
