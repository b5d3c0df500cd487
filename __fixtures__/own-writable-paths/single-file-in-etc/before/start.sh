#!/bin/sh
set -e
cat > /etc/relay.conf <<EOF
key = $KEY
EOF
exec relay -c /etc/relay.conf
