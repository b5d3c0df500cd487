#!/bin/bash
set -euo pipefail
kubectl get pods -o json | jq -r '.items[].metadata.name' > /tmp/pods
