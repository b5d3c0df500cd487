#!/bin/bash
# Prepares the configuration, then starts the command.
set -euo pipefail

if [ ! -f /var/lib/shop/settings.ini ]; then
  cp /usr/share/shop/settings.ini /var/lib/shop/settings.ini
fi

exec "$@"
