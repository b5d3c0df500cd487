#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  chown -R mysql:mysql /var/lib/mysql /run/mysqld
  exec gosu mysql "$0" "$@"
fi
exec "$@"
