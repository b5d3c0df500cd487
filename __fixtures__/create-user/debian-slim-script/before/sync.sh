#!/bin/bash
set -euo pipefail
. ./lib.sh
while true; do
  fetch "$FEED_URL" > latest.json
  sleep 300
done
