from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

cache = Path.home() / ".cache" / "render"
cache.mkdir(parents=True, exist_ok=True)


class Render(BaseHTTPRequestHandler):
    def do_GET(self):
        page = cache / "index.html"
        page.write_text("<p>hello</p>")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(page.read_bytes())


HTTPServer(("", 8080), Render).serve_forever()
