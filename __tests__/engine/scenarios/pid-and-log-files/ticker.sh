#!/bin/sh
set -e
echo $$ > /run/ticker/ticker.pid
while true; do
  date >> /var/log/ticker/ticker.log
  sleep 1
done
