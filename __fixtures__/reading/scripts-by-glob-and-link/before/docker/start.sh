#!/bin/sh
. /opt/relay/lib/library.sh
. /opt/relay/lib/paths.sh
date > /srv/relay-started/at
exec "$@"
