set -e
while true; do
  hello > greeting.txt
  sleep 1
done
