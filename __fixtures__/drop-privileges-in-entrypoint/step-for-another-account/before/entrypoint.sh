#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  runuser -u helper -- prepare
fi
exec "$@"
