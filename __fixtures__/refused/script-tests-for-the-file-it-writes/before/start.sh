#!/bin/sh
set -e
if [ ! -f /etc/relay.conf ]; then
  relay --default-config > /etc/relay.conf
fi
exec relay -c /etc/relay.conf
