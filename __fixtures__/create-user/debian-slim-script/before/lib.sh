fetch() { curl -fsSL "$1" | jq -c .; }
