#!/bin/sh
set -e
CONFIG=${CONFIG:-/etc/relay/relay.conf}
envsubst < /usr/share/relay/relay.conf.tmpl > "$CONFIG"
exec relay -c "$CONFIG"
