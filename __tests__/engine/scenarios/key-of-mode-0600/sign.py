import hashlib
from http.server import BaseHTTPRequestHandler, HTTPServer

key = open("keys/signing.key", "rb").read()


class Sign(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(hashlib.sha256(key + self.path.encode()).hexdigest().encode())


HTTPServer(("", 8000), Sign).serve_forever()
