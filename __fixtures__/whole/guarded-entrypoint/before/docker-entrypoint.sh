#!/bin/bash
set -e
if [ "$1" = 'queued' -a "$(id -u)" = '0' ]; then
	chown -R queue:queue /var/lib/queue
	exec gosu queue "$0" "$@"
fi
exec "$@"
