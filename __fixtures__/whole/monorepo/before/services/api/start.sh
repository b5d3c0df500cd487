#!/bin/sh
mkdir -p /var/lib/api
exec node services/api/index.js
