#!/bin/sh
set -e
if [ "$1" = php-fpm ]; then
    STORAGE=/var/www/html/storage
    mkdir -p ${STORAGE}/logs
    chown -R www-data:www-data ${STORAGE}
fi
exec "$@"
