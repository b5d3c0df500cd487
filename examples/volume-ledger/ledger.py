import http.server
import os

BOOK = os.path.join(os.environ["DATA_DIR"], "book")


class Ledger(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        entry = self.rfile.read(int(self.headers["Content-Length"]))
        with open(BOOK, "ab") as book:
            book.write(entry + b"\n")
        with open(os.environ["LOG_FILE"], "a") as log:
            log.write(f"{len(entry)} bytes from {self.client_address[0]}\n")
        self.send_response(201)
        self.end_headers()


http.server.HTTPServer(("", 8000), Ledger).serve_forever()
