/** The process: its start, its signals, and what becomes of it when stdout or stderr cannot be written. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { endpoint, endpoints, listen, startAgent } from "./support/agent.js";
import { connect, drain, send } from "./support/http.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SERVER, SIMULATE, startReceiver } from "./support/process.js";
import type { RunOptions } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const { PORT: ANY_PORT, NGROK_WEB_ADDR: NO_AGENT } = GUIDE;
const WITHOUT_CREDENTIALS = { PORT: ANY_PORT, NGROK_WEB_ADDR: NO_AGENT };

const start = (t: Ends, options: RunOptions) => run(t, process.execPath, SERVER, options);

/** Starts the receiver where it must fail; resolves to what it said. */
async function failure(t: Ends, options: RunOptions, args: string[] = []): Promise<string> {
  const receiver = run(t, process.execPath, [...SERVER, ...args], options);
  // One that starts after all would run on.
  const hasStarted = receiver.stderr.until(/Listening on /);
  hasStarted.then(() => receiver.child.kill()).catch(() => {});
  assert.deepEqual(await receiver.ended, { code: args.length > 0 ? 2 : 1, signal: null });
  assert.equal(receiver.stdout.text, "");
  return receiver.stderr.text;
}

/** A folder with the project's `.env.example` in it. */
function newFolder(t: Ends): string {
  const cwd = folder(t);
  copyFileSync(new URL("../.env.example", import.meta.url), join(cwd, ".env.example"));
  return cwd;
}

test("it takes no arguments, and says where a setting goes", async (t) => {
  assert.match(await failure(t, { env: GUIDE }, ["--port", "8093"]), /^.* no arguments: set PORT /);
});

test("the first start makes .env, and the guide's secret works as it stands", async (t) => {
  const cwd = newFolder(t);
  const { stderr } = start(t, { cwd, env: WITHOUT_CREDENTIALS });
  const said = /^\.env was made from \.env\.example\.\nListening on (.*)\n/;
  const [, url = ""] = await stderr.until(said);
  assert.equal((await send(url, post(delivery()))).status, 200);
  const text = readFileSync(join(cwd, ".env"), "utf8");
  assert.equal(text, readFileSync(join(cwd, ".env.example"), "utf8"));
});

test("the published password is not put to use by itself beyond the loopback", async (t) => {
  const cwd = newFolder(t);
  const env = { ...WITHOUT_CREDENTIALS, LISTEN_HOST: "0.0.0.0" };
  assert.match(
    await failure(t, { cwd, env }),
    /^BASIC_AUTH_.*must be set.*\n.*copy \.env\.example /,
  );
  assert.deepEqual(readdirSync(cwd), [".env.example"]);
});

test("where .env cannot be made, it says why", async (t) => {
  const cwd = newFolder(t);
  symlinkSync("elsewhere", join(cwd, ".env"));
  const said = await failure(t, { cwd, env: WITHOUT_CREDENTIALS });
  assert.match(said, /^\.env cannot be used: EEXIST.*\nIt is made from \.env\.example /);
});

test("all that is wrong with the settings is said at once, but no credential is shown", async (t) => {
  const cwd = folder(t);
  const env = { PORT: "eighty", NGROK_WEB_ADDR: "4040", BASIC_AUTH_PASSWORD: "hunter\t2" };
  const said = `PORT must be a whole number from 0 to 65535, not "eighty".
NGROK_WEB_ADDR must be host:port, not "4040".
BASIC_AUTH_PASSWORD must not contain a control character.
BASIC_AUTH_USERNAME must be set, and not empty.
  There is no .env in ${cwd}: start in the project's folder.
`;
  assert.equal(await failure(t, { cwd, env }), said);
});

test("settings come from .env in the working directory, and stdout has users alone", async (t) => {
  const cwd = newFolder(t);
  const file =
    "BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD='a#b:c'\nPORT=0\nLISTEN_HOST=127.0.0.1\n";
  writeFileSync(join(cwd, ".env"), file);
  // USER, PASSWORD and HOST are in many environments, and dotenv could speak.
  const others = { USER: "root", PASSWORD: "x", HOST: "nowhere", DOTENV_DEBUG: "true" };
  const env = { PORT: "", NGROK_WEB_ADDR: NO_AGENT, ...others };
  const { stdout, stderr } = start(t, { cwd, env });
  const [, url = ""] = await stderr.until(/^Listening on (http:\/\/127\.0\.0\.1:.*)\n/);
  const request = post(delivery(created("john.doe@example.com")));
  const authorization = `Basic ${Buffer.from("me:a#b:c").toString("base64")}`;
  const headers = { ...request.headers, authorization };
  assert.equal((await send(url, { ...request, headers })).status, 200);
  await stdout.until(/\n/);
  assert.equal(stdout.text, userLine("john.doe@example.com"));
  assert.equal(readFileSync(join(cwd, ".env"), "utf8"), file, "it is never written over");
});

test("a busy port", async (t) => {
  const other = net.createServer();
  t.after(() => void other.close());
  const PORT = String(await listen(other));
  const said = await failure(t, { env: { ...GUIDE, PORT } });
  const lines = `Port ${PORT} is in use: perhaps the receiver already runs.
  Stop that program, or set another PORT.
`;
  assert.equal(said.slice("HH:MM:SS ".length), lines);
});

test("what npm run dev starts again says where it listens, and the tunnel's URL, alone", async (t) => {
  const agent = await startAgent(t);
  const env = { ...GUIDE, NGROK_WEB_ADDR: agent.address, npm_lifecycle_event: "dev" };
  const { stderr } = start(t, { env });
  const [, origin = ""] = await stderr.until(/^Listening on (.*)\/userCreated\n/);
  const url = "https://example.ngrok-free.dev";
  agent.answers.endpoints = endpoints(endpoint(url, origin));
  await stderr.until(/\/userCreated\n[^]*\/userCreated\n/);
  const said = `Listening on ${origin}/userCreated
HH:MM:SS The tunnel is open. The event hook's URL:
  ${url}/userCreated
`;
  assert.equal(stderr.text.replace(/^\d\d:\d\d:\d\d/m, "HH:MM:SS"), said);
});

const STOPPING = /^\d\d:\d\d:\d\d Stopping\.\n/m;

/** Begins a delivery whose body is asked for: the receiver is known to wait for it. */
async function begin(port: number, length: number): Promise<net.Socket> {
  const socket = await connect(port);
  socket.write(
    "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
      `Authorization: ${SECRET}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
  );
  await once(socket, "data");
  return socket;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} drops idle connections, finishes what is under way, and exits with 0`, async (t) => {
    const receiver = await startReceiver(t);
    const unused = await connect(receiver.port);
    const idle = await connect(receiver.port);
    idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(idle, "data");
    const body = JSON.stringify(delivery(created("john.doe@example.com")));
    const slow = await begin(receiver.port, body.length);
    await receiver.stderr.until(/ GET \/ 200 .*\n/);
    const before = receiver.stderr.text.length;
    const answer = drain(slow);

    receiver.child.kill(signal);
    // They go while the delivery is still under way.
    assert.deepEqual(await Promise.all([drain(unused), drain(idle)]), ["", ""]);
    await assert.rejects(send(receiver.url), { code: "ECONNREFUSED" });
    slow.write(body);
    assert.match(await answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(await receiver.ended, { code: 0, signal: null });
    assert.equal(receiver.users(), userLine("john.doe@example.com"));
    const [stopping = "", line = ""] = receiver.stderr.text.slice(before).split(/(?<=\n)/);
    assert.match(stopping, STOPPING);
    assert.match(line, / POST \/userCreated 200 .*: 1 event, 1 announced\n$/);
  });
}

test("what never ends is cut off and has its line, and the exit is still with 0", async (t) => {
  const receiver = await startReceiver(t);
  const socket = await begin(receiver.port, 100);
  receiver.child.kill("SIGTERM");
  assert.equal(await drain(socket), "");
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  const [said = ""] = /(?<= Stopping\.\n)[^]*$/.exec(receiver.stderr.text) ?? [];
  assert.match(said, /^\S+ POST \/userCreated: no answer, the connection closed\n$/);
});

test("further signals change nothing: the request under way gets its answer", async (t) => {
  const receiver = await startReceiver(t);
  const socket = await begin(receiver.port, 100);
  receiver.child.kill("SIGINT");
  await receiver.stderr.until(STOPPING);
  receiver.child.kill("SIGINT");
  receiver.child.kill("SIGTERM");
  // Both arrive before this.
  socket.write("x".repeat(100));
  assert.match(await drain(socket), /^HTTP\/1\.1 400 /);
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  assert.equal(receiver.stderr.text.match(/ Stopping\.\n/g)?.length, 1);
});

test("a closed stdout: what is not printed is not acknowledged, one clear line, exit 1", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.destroy();
  assert.equal((await send(receiver.url, post(delivery()))).status, 200, "nothing to print");
  const body = JSON.stringify(delivery(created("john.doe@example.com")));
  const [first, second] = [await begin(receiver.port, body.length), await begin(receiver.port, 1)];
  first.write(body);
  assert.match(await drain(first), /^HTTP\/1\.1 503 [^]*cannot write to its stdout/);
  // A signal does not change the exit status of a failure.
  receiver.child.kill("SIGTERM");
  second.write("x");
  assert.match(await drain(second), /^HTTP\/1\.1 400 /);
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
  const failed = /^\S+ Cannot write to stdout \(the pipe was closed\): stopping\.\n {2}Okta got /gm;
  assert.equal(receiver.stderr.text.match(failed)?.length, 1);
});

test("a failure during the stop keeps its exit status", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  const body = JSON.stringify(delivery(created("late@example.com")));
  const socket = await begin(receiver.port, body.length);
  receiver.child.kill("SIGTERM");
  await receiver.stderr.until(STOPPING);
  receiver.child.stdout?.destroy();
  socket.write(body);
  assert.match(await drain(socket), /^HTTP\/1\.1 503 /);
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
});

test("a closed stderr stops nothing", async (t) => {
  const receiver = await startReceiver(t);
  receiver.child.stderr?.destroy();
  for (const login of ["a@example.com", "b@example.com"]) {
    assert.equal((await send(receiver.url, post(delivery(created(login))))).status, 200);
  }
  assert.equal(receiver.users(), userLine("a@example.com") + userLine("b@example.com"));
  receiver.child.kill("SIGTERM");
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
});

const needsLinux = { skip: process.platform !== "linux" && "needs Linux" };

/** Starts the receiver with a file that may have 1,024 bytes, as on a disk that is full then. */
function startOnSmallDisk(t: Ends, redirection: string) {
  const cwd = folder(t);
  const shell = `ulimit -S -f 1; exec "$0" "$@" ${redirection} small.log`;
  const receiver = run(t, "bash", ["-c", shell, process.execPath, ...SERVER], { env: GUIDE, cwd });
  return { ...receiver, file: join(cwd, "small.log") };
}

test(
  "a disk that fills: a delivery's users stand there all or not at all",
  needsLinux,
  async (t) => {
    const { stderr, ended, file } = startOnSmallDisk(t, ">>");
    const [, url = ""] = await stderr.until(/^Listening on (.*)\n/);
    let acknowledged = "";
    for (let sent = 0, status = 200; status === 200; sent += 1) {
      const logins = ["a", "b", "c"].map((name) => `${name}${sent}@example.com`);
      ({ status } = await send(url, post(delivery(...logins.map((login) => created(login))))));
      if (status === 200) acknowledged += logins.map(userLine).join("");
      assert.ok(acknowledged.length <= 1024, "more was acknowledged than the disk holds");
    }
    assert.deepEqual(await ended, { code: 1, signal: null });
    assert.ok(acknowledged.length > 0);
    assert.equal(readFileSync(file, "utf8"), acknowledged);
  },
);

test(
  "a log whose disk was full for a moment goes on, and no line is cut",
  needsLinux,
  async (t) => {
    const { child, ended, file } = startOnSmallDisk(t, "2>>");
    const reader = run(t, "tail", ["-n", "+1", "-F", file]);
    const [, url = ""] = await reader.stdout.until(/^Listening on (.*)\n/);
    // Their lines are more than the disk holds.
    for (let sent = 0; sent < 50; sent += 1) await send(url);
    const moreRoom = run(t, "prlimit", ["--fsize=unlimited", "--pid", String(child.pid)]);
    assert.deepEqual(await moreRoom.ended, { code: 0, signal: null });
    assert.equal((await send(url, post(delivery()))).status, 200);
    child.kill("SIGTERM");
    assert.deepEqual(await ended, { code: 0, signal: null });

    const [, ...blocks] = readFileSync(file, "utf8").split(/^(?=\d\d:\d\d:\d\d )/m);
    assert.match(blocks.pop() ?? "", STOPPING);
    assert.match(blocks.pop() ?? "", / POST \/userCreated 200 .*\n$/);
    const [first, ...others] = blocks.map((block) => block.replace(/[\d.:]+/g, "0"));
    assert.match(first ?? "", / GET \/userCreated /);
    for (const other of others) assert.equal(other, first);
    assert.ok(others.length < 49, "the disk was full");
  },
);

const knowsProxies = process.allowedNodeEnvironmentFlags.has("--use-env-proxy");
const hasProxies = knowsProxies && process.platform === "linux";
const needsProxies = { skip: !hasProxies && "needs Linux, and a Node whose fetch uses proxies" };

test("the agent and this machine are never asked for through a proxy", needsProxies, async (t) => {
  let asked = 0;
  const proxy = net.createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  t.after(() => void proxy.close());
  const proxied = {
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}`,
  };
  /** Plays Okta against a receiver; resolves to the exit status. */
  const simulate = async (url: string, env = {}) => {
    const options = { env: { ...GUIDE, ...proxied, ...env } };
    return (await run(t, process.execPath, [...SIMULATE, url], options).ended).code;
  };

  for (const host of ["127.0.0.1", "localhost"]) {
    const agent = await startAgent(t);
    const NGROK_WEB_ADDR = agent.address.replace("127.0.0.1", host);
    const { url, stderr } = await startReceiver(t, { env: { ...proxied, NGROK_WEB_ADDR } });
    agent.answers.endpoints = endpoints(endpoint("https://example.com", new URL(url).origin));
    await stderr.until(/ The tunnel is open\./);
    assert.equal(await simulate(url.replace("127.0.0.1", host)), 0);
  }
  assert.equal(asked, 0);

  // Of another host the environment decides.
  const { url } = await startReceiver(t, { env: { LISTEN_HOST: "127.0.0.2" } });
  assert.equal(await simulate(url, { NO_PROXY: "127.0.0.2" }), 0);
  assert.equal(asked, 0);
  assert.equal(await simulate(url), 1);
  assert.ok(asked > 0);
});
