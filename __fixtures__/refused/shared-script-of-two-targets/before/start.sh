#!/bin/sh
set -e
useradd --uid "$RELAY_UID" relay
exec relay
