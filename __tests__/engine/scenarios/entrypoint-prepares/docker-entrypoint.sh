#!/bin/sh
set -e
mkdir -p /var/lib/site/sessions
date > /var/lib/site/started
exec "$@"
