#!/bin/bash
if [ "$(id -u)" != "0" ]; then
  echo "run.sh must be run as root" >&2
  exit 1
fi
exec agent
