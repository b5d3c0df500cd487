#!/bin/sh
set -e
sed -i "s/localhost/localhost $NAME/" /etc/hosts
echo "$CA" > /etc/ssl/certs/own.pem
curl -sSLo /usr/local/bin/relay "$URL"
echo "$NAME" > /etc/motd || true
exec relay
