/** The README: its commands exist, and those for Okta's API are what Okta's API takes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { SECRET } from "./support/okta.js";
import { copyProject, GUIDE, run } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const README = read("README.md");

/** What Okta's API was asked for. */
interface Asked {
  line: string;
  authorization: string | undefined;
  body: string;
}

/** Stands in for an org's API for event hooks, by Okta's documentation of it. */
async function startOrg(t: Ends) {
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk: Buffer) => (body += chunk.toString()));
    req.on("end", () => {
      const { method, url, headers } = req;
      asked.push({ line: `${method} ${url}`, authorization: headers.authorization, body });
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify({ id: "who4example", status: "ACTIVE" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { origin: `http://127.0.0.1:${address.port}`, asked };
}

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const hasShell = spawnSync("sh", ["-c", "exit 0"]).status === 0;

test(
  "its curl commands create a hook and verify it",
  { skip: !(hasCurl && hasShell) && "needs curl and sh" },
  async (t) => {
    const { origin, asked } = await startOrg(t);
    const [commands = ""] = /^curl [^`]+/m.exec(README) ?? [];
    const filled = commands
      .replaceAll("https://YOUR-ORG", origin)
      .replaceAll("YOUR_API_TOKEN", "example-token")
      .replaceAll("YOUR_HOOK_ID", "who4example")
      .replaceAll("YOUR-TUNNEL", "example.ngrok-free.dev")
      .replaceAll("YOUR_SECRET", SECRET);
    assert.doesNotMatch(filled, /YOUR/);
    const { ended } = run(t, "sh", ["-e", "-c", filled]);
    assert.deepEqual(await ended, { code: 0, signal: null });

    const [creation, verification, ...rest] = asked;
    assert.equal(creation?.line, "POST /api/v1/eventHooks");
    assert.equal(creation.authorization, "SSWS example-token");
    assert.deepEqual(JSON.parse(creation.body), {
      name: "Created users",
      events: { type: "EVENT_TYPE", items: ["user.lifecycle.create"] },
      channel: {
        type: "HTTP",
        version: "1.0.0",
        config: {
          uri: "https://example.ngrok-free.dev/userCreated",
          authScheme: { type: "HEADER", key: "authorization", value: SECRET },
        },
      },
    });
    assert.equal(verification?.line, "POST /api/v1/eventHooks/who4example/lifecycle/verify");
    assert.equal(verification.authorization, "SSWS example-token");
    assert.deepEqual(rest, []);
  },
);

test("its entry works as it stands: pasted into the table, and triggered by its command", async (t) => {
  const cwd = copyProject(t);
  const file = join(cwd, "src/receiver/announcements.ts");
  const [, entry = ""] = /```ts\n([^`]*`[^`]*`[^`]*)```/.exec(README) ?? [];
  assert.match(entry, /"group\.user_membership\.add"/);
  const source = readFileSync(file, "utf8");
  assert.equal(source.split("\n]);\n").length, 2, "the table ends once");
  writeFileSync(
    file,
    source.replace("\n]);\n", () => `\n${entry}]);\n`),
  );

  const receiver = run(t, process.execPath, ["src/launch.js", "server"], { cwd, env: GUIDE });
  const [, url = ""] = await receiver.stderr.until(/^Listening on (.*)\n/);
  const [, command = ""] = /npm run simulate -- (--event .*)\n/.exec(README) ?? [];
  const args = ["src/launch.js", "simulate", ...command.split(" "), "--url", url];
  const simulator = run(t, process.execPath, args, { cwd, env: GUIDE });
  assert.deepEqual(await simulator.ended, { code: 0, signal: null });
  const line = "The user jane.roe@example.com has been added to the group Engineering.\n";
  await receiver.stdout.until(/\n/);
  assert.equal(receiver.stdout.text, line);
  assert.ok(simulator.stdout.text.includes(line), "the simulator foretells it");
});

test("each npm command in it is one of the project's", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
  const names = [...README.matchAll(/npm run (\w+)/g)].map(([, name = ""]) => name);
  assert.ok(names.length > 3);
  for (const name of names) assert.ok(name in scripts, name);
});

test("its map of the code leaves no file out, and names none that is not there", () => {
  const [, map = ""] = /^## The code\n([^]*?)\n\n[^|]*$/m.exec(README) ?? [];
  const named = [...map.matchAll(/`(?:\w+\/)?([\w-]+\.[tj]s|\w+\/)`/g)].map(
    ([, name = ""]) => name,
  );
  const files = readdirSync(new URL("../src", import.meta.url), { recursive: true });
  const sources = files.map((file) => String(file).replaceAll("\\", "/"));
  const unnamed = sources.filter((file) => {
    const [folder = "", name = folder] = file.split("/");
    return /\.[tj]s$/.test(file) && !named.includes(name) && !named.includes(`${folder}/`);
  });
  assert.deepEqual(unnamed, []);
  const missing = named.filter((name) => !sources.some((file) => `${file}/`.includes(name)));
  assert.deepEqual(missing, []);
});
