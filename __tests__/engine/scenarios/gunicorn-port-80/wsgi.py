from pathlib import Path


def app(environ, start_response):
    Path("uploads").mkdir(exist_ok=True)
    Path("uploads/last").write_text(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
