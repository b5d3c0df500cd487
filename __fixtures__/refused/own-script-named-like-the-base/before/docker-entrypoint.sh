#!/bin/sh
if [ -n "$CA" ]; then
  echo "$CA" > /usr/local/share/ca-certificates/extra.crt
  update-ca-certificates
fi
exec "$@"
