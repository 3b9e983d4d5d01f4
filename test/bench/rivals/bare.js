/** The limit: node:http alone, doing the same work with one write for each delivery and each line. */
import { writeSync } from "node:fs";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.headers.authorization !== "Basic YWRtaW46c3VwZXJzZWNyZXQ=") {
    response.writeHead(401, { "WWW-Authenticate": "Basic", "Content-Length": 0 }).end();
    writeSync(2, `${request.method} ${request.url} 401\n`);
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { data } = JSON.parse(Buffer.concat(chunks).toString());
    let lines = "";
    for (const { eventType, target } of data.events) {
      if (eventType !== "user.lifecycle.create") continue;
      for (const { type, alternateId } of target) {
        if (type === "User") lines += `The user ${alternateId} has been added to the Okta org!\n`;
      }
    }
    writeSync(1, lines);
    response.writeHead(200, { "Content-Length": 0 }).end();
    writeSync(2, `${request.method} ${request.url} 200\n`);
  });
});
server.listen(0, "127.0.0.1", () => {
  console.error(`Listening on http://127.0.0.1:${server.address().port}`);
});
