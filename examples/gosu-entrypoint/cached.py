import http.server
import os

os.chdir("/var/cache/cached")
http.server.ThreadingHTTPServer(("", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
