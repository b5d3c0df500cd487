#!/bin/sh
set -e

if [ "$(id -u)" = 0 ]; then
    find /app \( ! -user "$UID" -o ! -group "$GID" \) -exec chown -h "$UID:$GID" {} +
    exec setpriv --reuid="$UID" --regid="$GID" --clear-groups -- "$@"
fi

exec "$@"
