#!/bin/sh
set -e
: "${GREETING:=hello}"
sed -i "s/@GREETING@/$GREETING/" /etc/relay/relay.ini
date > /etc/relay/started
exec "$@"
