#!/bin/sh
set -e
echo "started=$(date +%s)" > /var/lib/shop/state
echo "state has mode $(stat -c %a /var/lib/shop/state)"
cp public/index.html public/copy.html
exec "$@"
