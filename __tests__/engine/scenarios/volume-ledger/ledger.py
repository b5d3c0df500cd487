import logging
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

data = Path(os.environ["DATA_DIR"])
logging.basicConfig(filename=os.environ["LOG_FILE"], level=logging.INFO)


class Ledger(BaseHTTPRequestHandler):
    def do_GET(self):
        with (data / "ledger.txt").open("a") as file:
            file.write(self.path + "\n")
        logging.info("booked %s", self.path)
        self.send_response(200)
        self.end_headers()


HTTPServer(("", 8000), Ledger).serve_forever()
