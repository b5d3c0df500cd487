#!/bin/sh
chown -R www-data:www-data /srv/uploads
echo "$TZ" > /etc/timezone
chown 1234 /app/x 2>/dev/null || true
exec "$@"
