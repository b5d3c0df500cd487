#!/bin/sh
# waits for the database
set -eu
set -o pipefail

until nc -z "$DB_HOST" 5432; do sleep 1; done
exec "$@"
