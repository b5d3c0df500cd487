#!/bin/sh
# Runs the command as $UID:$GID. Started as root, it first gives the paths below and those in $UNROOT_CHOWN to that
# user; started as another user (docker run --user, runAsUser), it only runs the command.
set -e

# shellcheck disable=SC3028 # UID is set by the image
if [ "$(id -u)" = 0 ]; then
    case "$UID:$GID" in
        0* | :* | *: | *:*:* | *[!0-9:]*)
            echo "$0: UID must be a number above 0 and GID a number, not '$UID' and '$GID'" >&2
            exit 64
            ;;
    esac
    # Only what is somebody else's; a link itself, not what it points to. What is missing is skipped.
    for path in /srv/app /home/node ${UNROOT_CHOWN:-}; do
        [ -e "$path" ] || continue
        find "$path" \( ! -user "$UID" -o ! -group "$GID" \) -exec chown -h "$UID:$GID" {} + ||
            echo "$0: not all of $path could be given to $UID:$GID" >&2
    done
    # root's home is closed to the user.
    if [ "${HOME:-/root}" = /root ]; then export HOME=/home/node; fi
    exec setpriv --reuid="$UID" --regid="$GID" --clear-groups -- "$@"
fi

exec "$@"
