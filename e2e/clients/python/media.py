"""A provider of images and speech on a free loopback port: it answers the two endpoints that the gateway passes on, and keeps its bill
as the simulated providers do, so that the report holds it against the usage records."""
import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios.json"), encoding="utf-8") as file:
    ASK = json.load(file)
NANOS = {"/images/generations": 40_000_000, "/audio/speech": 10_000_000}
MODELS = {"/images/generations": "painter", "/audio/speech": "speaker"}
KEPT_MAX = 1000
lock = threading.Lock()
requests, calls = [], []


class Media(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        told = {"/_sim/requests": requests, "/_sim/calls": calls}.get(path)
        if told is None:
            return self.answer(404, "application/json", b"{}")
        limit = int(dict(pair.split("=") for pair in query.split("&"))["limit"])
        with lock:
            body = json.dumps(told[-limit:]).encode()
        self.answer(200, "application/json", body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        endpoint = self.path.removeprefix("/v1")
        if self.headers["authorization"] != "Bearer not-a-secret" or endpoint not in NANOS:
            return self.answer(401, "application/json", b'{"error": {"message": "no such key or endpoint"}}')
        ask = json.loads(body)
        if ask["model"] != MODELS[endpoint]:
            return self.answer(404, "application/json", b'{"error": {"message": "no such model"}}')
        count = ask.get("n", 1)
        with lock:
            number = f"media-{len(calls)}"
            requests.append({"requestId": number, "body": body.decode()})
            calls.append({"requestId": number, "outcome": "OK", "endpoint": endpoint, "n": count, "nanos": NANOS[endpoint] * count})
            if len(calls) > KEPT_MAX:
                raise RuntimeError(f"more than {KEPT_MAX} calls")
        if endpoint == "/audio/speech":
            return self.answer(200, "audio/mpeg", base64.b64decode(ASK["speech"]["audio"]))
        pictures = [{"b64_json": ASK["picture"]["data"]}] * count
        self.answer(200, "application/json", json.dumps({"created": 1, "data": pictures}).encode())

    def answer(self, status, media_type, body):
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Media)
print(f"listening port={server.server_address[1]}", flush=True)
server.serve_forever()
