import os
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer


class Mailer(BaseHTTPRequestHandler):
    def do_GET(self):
        with tempfile.TemporaryFile() as body:
            body.write(b"hello")
        with open(os.path.join(os.environ["SPOOL_DIR"], "1.eml"), "w") as mail:
            mail.write("hello")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8025), Mailer).serve_forever()
