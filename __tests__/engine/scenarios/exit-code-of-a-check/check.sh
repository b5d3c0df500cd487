#!/bin/sh
echo "2 problems found"
sleep 1
exit 3
