#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid="$UID" --regid="$GID" --clear-groups -- "$@"
fi

exec "$@"
