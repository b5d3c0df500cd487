#!/bin/bash
# waits for the database
set -eu
set -o pipefail

until python -m dbcheck; do sleep 1; done
exec "$@"
