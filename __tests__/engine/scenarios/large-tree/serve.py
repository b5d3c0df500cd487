import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Model(BaseHTTPRequestHandler):
    def do_GET(self):
        with open("requests.csv", "a") as log:
            log.write(f"{os.path.getsize('data.bin')}\n")
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Model).serve_forever()
