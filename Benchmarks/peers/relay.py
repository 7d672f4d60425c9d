"""pycrdt-websocket as a server of Yjs documents, over the `websockets` package as its manual shows.

relay.py plain|deflate|tls [certificate.pem key.pem]; prints "PORT n".
"""

import asyncio
import ssl
import sys

from pycrdt.websocket import WebsocketServer
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


class Socket:
    """What pycrdt calls a channel."""

    def __init__(self, connection):
        self.connection = connection
        self.path = connection.request.path

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.connection.recv()
        except ConnectionClosed:
            raise StopAsyncIteration()

    async def send(self, message):
        try:
            await self.connection.send(message)
        except ConnectionClosed:
            pass

    async def recv(self):
        return await self.connection.recv()


async def main():
    form = sys.argv[1]
    tls = None
    if form == "tls":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[2], sys.argv[3])
    async with WebsocketServer() as rooms:
        async with serve(
            lambda connection: rooms.serve(Socket(connection)),
            "127.0.0.1",
            0,
            ssl=tls,
            compression="deflate" if form == "deflate" else None,
            backlog=1024,
            ping_interval=None,
            close_timeout=1,
        ) as server:
            print("PORT", server.sockets[0].getsockname()[1], flush=True)
            await asyncio.get_running_loop().create_future()


asyncio.run(main())
