#!/bin/sh
echo "forward-socks5 / $1 ." >> /etc/privoxy/config
exec privoxy --no-daemon /etc/privoxy/config
