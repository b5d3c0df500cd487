#!/bin/sh
# Runs the command as $APP_UID:$APP_GID. Started as root, it first gives the paths below and those in $APP_CHOWN to that
# user; started as another user (docker run --user, runAsUser), it only runs the command.
set -e

if [ "$(id -u)" = 0 ]; then
    case "$APP_UID:$APP_GID" in
        0* | :* | *: | *:*:* | *[!0-9:]*)
            echo "$0: APP_UID must be a number above 0 and APP_GID a number, not '$APP_UID' and '$APP_GID'" >&2
            exit 64
            ;;
    esac
    # Only what is somebody else's; a link itself, not what it points to. What is missing is skipped.
    for path in /work /home/app ${APP_CHOWN:-}; do
        [ -e "$path" ] || continue
        find "$path" \( ! -user "$APP_UID" -o ! -group "$APP_GID" \) -exec chown -h "$APP_UID:$APP_GID" {} + ||
            echo "$0: not all of $path could be given to $APP_UID:$APP_GID" >&2
    done
    # root's home is closed to the user.
    if [ "${HOME:-/root}" = /root ]; then export HOME=/home/app; fi
    exec su-exec "$APP_UID:$APP_GID" env HOME="$HOME" "$@"
fi

exec "$@"
