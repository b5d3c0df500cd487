for queue in $QUEUES; do
  mkdir -p "/var/spool/$queue"
done
exec sleep infinity
