#!/bin/sh
set -e
mkdir -p /var/lib/portal/media
python manage.py migrate --noinput > /var/log/portal/migrate.log
echo $$ > /run/portal.pid
exec "$@"
