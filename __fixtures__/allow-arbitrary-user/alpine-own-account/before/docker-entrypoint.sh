#!/bin/sh
set -e
echo started > /var/lib/shop/state
exec "$@"
