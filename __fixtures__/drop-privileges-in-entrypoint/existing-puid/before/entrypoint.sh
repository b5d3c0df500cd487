#!/bin/bash
set -e
groupmod -o -g "$PGID" app
usermod -o -u "$PUID" app
chown -R app:app /config
exec gosu app "$@"
