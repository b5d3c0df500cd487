#!/bin/sh
exec busybox nc -lk -p 7000
