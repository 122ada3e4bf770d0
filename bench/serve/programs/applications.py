"""The same three answers as WSGI and as ASGI."""

import json
from urllib.parse import parse_qs


def user(path, query, agent):
    name = parse_qs(query).get("name", [None])[0]
    return json.dumps({"id": path[6:], "name": name, "agent": agent}, separators=(",", ":")).encode()


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    kind = "application/json"
    if path.startswith("/user/"):
        body = user(path, environ["QUERY_STRING"], environ["HTTP_X_AGENT"])
    elif path == "/json":
        body = json.dumps({"message": "hello", "number": 42}, separators=(",", ":")).encode()
    else:
        kind, body = "text/plain", b"hello"
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    path = scope["path"]
    kind = b"application/json"
    if path.startswith("/user/"):
        agent = next(value for name, value in scope["headers"] if name == b"x-agent")
        body = user(path, scope["query_string"].decode(), agent.decode())
    elif path == "/json":
        body = json.dumps({"message": "hello", "number": 42}, separators=(",", ":")).encode()
    else:
        kind, body = b"text/plain", b"hello"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
