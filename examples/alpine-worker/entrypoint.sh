#!/bin/sh
set -eu

mkdir -p /var/lib/worker /var/log/worker

while true; do
  if curl -fsS "$FEED" -o /var/lib/worker/feed.json; then
    jq -r '.items[].title' /var/lib/worker/feed.json >> /var/log/worker/titles.log
  fi
  sleep "$INTERVAL"
done
