// Serves the test pages, the SDK as it lies there, and React Flow: node pages.js REACTFLOW12 REACTFLOW11. Prints its address.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const roots = {
  tests: fileURLToPath(new URL(".", import.meta.url)), sdk: fileURLToPath(new URL("../../../Sources/CollabSDK/src/", import.meta.url)),
  "react-flow-12": process.argv[2] ?? "", "react-flow-11": process.argv[3] ?? "",
};
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://here").pathname;
  const [, root, ...rest] = normalize(path).split("/");
  try {
    const body = await readFile(join(roots[root], ...rest));
    response.writeHead(200, { "content-type": `${types[extname(path)] ?? "text/plain"}; charset=utf-8` }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
