import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Board(BaseHTTPRequestHandler):
    def do_GET(self):
        Path("visits.txt").open("a").write(self.path + "\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")


ThreadingHTTPServer(("0.0.0.0", int(sys.argv[2])), Board).serve_forever()
