#!/bin/bash
LOG_DIR=/var/log/indexer
DATA_DIR="${DATA_DIR:-/var/lib/indexer}"
mkdir -p "$LOG_DIR" "$DATA_DIR"
exec indexer --data "$DATA_DIR" >> "$LOG_DIR/indexer.log"
