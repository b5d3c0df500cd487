#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=worker --regid=worker --clear-groups -- "$@"
fi
exec "$@"
