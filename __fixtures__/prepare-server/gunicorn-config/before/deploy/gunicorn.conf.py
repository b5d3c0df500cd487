import multiprocessing
import os

# the balancer asks this port
bind = "0.0.0.0:" + os.environ.get("PORT", "80")
workers = multiprocessing.cpu_count() * 2 + 1
user = "root"
group = "root"
pidfile = '/var/run/gunicorn.pid'  # for the reload
accesslog = "-"
errorlog = "/var/log/gunicorn/error.log"


def post_fork(server, worker):
    bind = "127.0.0.1:80"
