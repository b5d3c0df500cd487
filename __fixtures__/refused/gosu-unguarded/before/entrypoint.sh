#!/bin/bash
set -e
chown -R app:app /data
exec gosu app "$@"
