import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Mailer(BaseHTTPRequestHandler):
    def do_GET(self):
        for folder in (os.environ["SPOOL_DIR"], os.path.expanduser("~")):
            name = os.path.join(folder, "1.eml")
            with open(name, "w") as mail:
                mail.write("hello")
            mode = os.stat(name).st_mode & 0o777
            print(f"{os.getuid()}:{os.getgid()} left {name} with mode {mode:04o}", flush=True)
        self.send_response(200)
        self.end_headers()


os.environ.setdefault("HOME", "/tmp")
HTTPServer(("", 8025), Mailer).serve_forever()
