#!/bin/sh
set -e
umask 027
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid="$UID" --regid="$GID" --clear-groups -- "$@"
fi

exec "$@"
