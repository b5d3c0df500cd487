#!/bin/sh
set -e
setfacl -m g:relay:r /etc/relay/secret
exec relay
