#!/bin/sh
set -eu

# Everything but the last title goes to the log.
mkdir -p /var/lib/worker /var/log/worker

while true; do
  curl -fsS "$FEED" -o /var/lib/worker/feed.json || echo "no answer from $FEED"
  jq -r '.items[].title' /var/lib/worker/feed.json >> /var/log/worker/titles.log
  sleep "$INTERVAL"
done
