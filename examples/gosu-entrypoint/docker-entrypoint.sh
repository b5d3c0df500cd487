#!/bin/sh
set -e
chown -R cache:cache /var/cache/cached
exec gosu cache "$@"
