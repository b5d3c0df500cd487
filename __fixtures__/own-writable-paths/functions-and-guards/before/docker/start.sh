#!/bin/bash
set -e
. /usr/local/lib/relay/functions.sh

uid="$(id -u)"
prepare
case "$uid" in
  0) take_over ;;
  *) echo "started as $uid" ;;
esac
[[ $EUID -ne 0 ]] && exec "$@"
ldconfig
exec "$@"
