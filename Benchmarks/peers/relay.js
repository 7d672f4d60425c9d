// node-ws as a relay, the usual way of writing one: what one client of a path says goes to all of them.
// relay.js plain|deflate|tls [certificate.pem key.pem]; prints "PORT n".
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");
// Where Debian keeps it; other builds of node do not look there.
module.paths.push("/usr/share/nodejs");
const { WebSocketServer } = require("ws");

const [form, certificate, key] = process.argv.slice(2);
const server =
  form === "tls" ? https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }) : http.createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: form === "deflate" ? { threshold: 0, zlibDeflateOptions: { level: 1 } } : false });
const rooms = new Map();
sockets.on("connection", (socket, request) => {
  socket._socket.setNoDelay(true);
  if (!rooms.has(request.url)) rooms.set(request.url, new Set());
  const room = rooms.get(request.url);
  room.add(socket);
  socket.on("message", (data, isBinary) => {
    for (const member of room) if (member.readyState === 1) member.send(data, { binary: isBinary });
  });
  socket.on("close", () => room.delete(socket));
  socket.on("error", () => socket.terminate());
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => console.log(`PORT ${server.address().port}`));
