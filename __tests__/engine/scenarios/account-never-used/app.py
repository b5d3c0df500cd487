import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("hits", "a") as hits:
            hits.write(".")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Site).serve_forever()
