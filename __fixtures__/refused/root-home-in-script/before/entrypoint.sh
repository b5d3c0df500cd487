#!/bin/sh
set -e
mkdir -p /root/.config/rclone
echo "$RCLONE_CONF" > /root/.config/rclone/rclone.conf
exec rclone rcd --rc-addr=:5572
