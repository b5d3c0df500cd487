#!/bin/sh
set -e
chown -R shop:shop /srv/uploads
exec "$@"
