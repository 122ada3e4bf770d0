"""Applications for the tests: `wsgi`, `asgi`."""

import asyncio
import hashlib
import json
import os
import time

started = []
together = []


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/environ":
        shown = {key: value for key, value in environ.items() if isinstance(value, (str, int, bool))}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(shown).encode()]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        start_response("201 Created", [("X-Length", str(len(body))), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [hashlib.sha256(body).hexdigest().encode()]
    if path == "/pieces":
        start_response("200 OK", [])
        return (b"x" * 100_000 for _ in range(50))
    if path == "/written":
        write = start_response("200 OK", [])
        write(b"one ")
        return [b"two"]
    if path == "/fails":
        raise ValueError("secret")
    if path == "/fails-late":
        start_response("200 OK", [])

        def pieces():
            yield b"half"
            raise ValueError("late")

        return pieces()
    if path == "/silent":
        return []
    if path == "/injected":
        start_response("200 OK", [("X", "a\r\nSet-Cookie: b")])
        return [b""]
    if path == "/crash":
        os._exit(3)
    if path == "/hang":
        time.sleep(60)
    if path == "/slow":
        time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                started.append(True)
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return
    path = scope["path"]

    async def answer(status, body, headers=()):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    if path == "/scope":
        shown = {key: value for key, value in scope.items() if isinstance(value, (str, bytes, int, list, tuple))}
        await answer(200, json.dumps(shown, default=lambda value: value.decode("latin-1")).encode())
    elif path == "/echo":
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        await answer(201, hashlib.sha256(body).hexdigest().encode(), [(b"X-Length", str(len(body)).encode())])
    elif path == "/pieces":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif path == "/fails":
        raise ValueError("secret")
    elif path == "/silent":
        return
    elif path == "/wait":
        while (await receive())["type"] != "http.disconnect":
            pass
        started.append("left")
    elif path == "/left":
        await answer(200, str(started.count("left")).encode())
    elif path == "/started":
        await answer(200, str(started.count(True)).encode())
    elif path == "/together":
        # Nobody goes on before twenty are there.
        together.append(True)
        while len(together) < 20:
            await asyncio.sleep(0.01)
        await answer(200, b"all here")
    elif path == "/crash":
        os._exit(3)
    else:
        if path == "/slow":
            await asyncio.sleep(0.2)
        await answer(200, str(os.getpid()).encode(), [(b"content-type", b"text/plain")])


text = "no application"


class Object:
    async def __call__(self, scope, receive, send):
        await asgi(scope, receive, send)


application = Object()
