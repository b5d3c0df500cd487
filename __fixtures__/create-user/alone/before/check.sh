#!/bin/sh
exec http --check-status GET "$URL"
