/** The process: its start, its signals, and what becomes of it when stdout cannot be written. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, readFileSync, symlinkSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { endpoint, endpoints, listen, startAgent } from "./support/agent.js";
import { begin } from "./support/flood.js";
import { connect, drain, send } from "./support/http.js";
import { created, delivery, post, userLine } from "./support/okta.js";
import { folder, GUIDE, listening, run, SERVER, SIMULATE } from "./support/process.js";
import { startReceiver, type RunOptions } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

const { PORT, NGROK_WEB_ADDR } = GUIDE;
const WITHOUT_CREDENTIALS = { PORT, NGROK_WEB_ADDR };

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

const JOHN = "john.doe@example.com";
const BODY = JSON.stringify(delivery(created(JOHN)));

test("it takes no arguments, and says where a setting goes", async (t) => {
  assert.match(await failure(t, { env: GUIDE }, ["--port", "8093"]), /^.* no arguments: set PORT /);
});

test("the first start makes .env, and the guide's secret works; stdout has users alone", async (t) => {
  const cwd = newFolder(t);
  // dotenv could speak.
  const env = { ...WITHOUT_CREDENTIALS, DOTENV_DEBUG: "true" };
  const { stdout, stderr } = start(t, { cwd, env });
  const url = await listening(stderr);
  assert.match(stderr.text, /^\.env was made from \.env\.example\.\nListening on /);
  assert.equal((await send(url, post(delivery(created(JOHN))))).status, 200);
  await stdout.until(/\n/);
  assert.equal(stdout.text, userLine(JOHN));
  const text = readFileSync(join(cwd, ".env"), "utf8");
  assert.equal(text, readFileSync(join(cwd, ".env.example"), "utf8"));
});

test("where .env cannot be made, it says why", async (t) => {
  const cwd = newFolder(t);
  symlinkSync("elsewhere", join(cwd, ".env"));
  const said = await failure(t, { cwd, env: WITHOUT_CREDENTIALS });
  assert.match(said, /^\.env cannot be used: EEXIST.*\n.* \.env\.example /);
});

test("all that is wrong with the settings is said at once, but no credential is shown", async (t) => {
  const cwd = folder(t);
  const env = { PORT: "eighty", NGROK_WEB_ADDR: "4040", BASIC_AUTH_PASSWORD: "hunter\t2" };
  const said = await failure(t, { cwd, env });
  for (const problem of [
    /^PORT must be .*"eighty"\.$/m,
    /^NGROK_WEB_ADDR must be .*"4040"\.$/m,
    /^BASIC_AUTH_PASSWORD must not contain a control character\.$/m,
    /^BASIC_AUTH_USERNAME must be set/m,
  ]) {
    assert.match(said, problem);
  }
  assert.ok(said.includes(`There is no .env in ${cwd}`), said);
  assert.doesNotMatch(said, /hunter/);
});

test("a busy port", async (t) => {
  const other = net.createServer();
  t.after(() => void other.close());
  const port = await listen(other);
  const said = await failure(t, { env: { ...GUIDE, PORT: `${port}` } });
  assert.match(said, new RegExp(`^\\S+ Port ${port} is in use: .*\n  .* another PORT\\.\n$`));
});

test("what npm run dev starts again says where it listens, and the tunnel's URL, alone", async (t) => {
  const agent = await startAgent(t);
  const env = { ...GUIDE, NGROK_WEB_ADDR: agent.address, npm_lifecycle_event: "dev" };
  const { stderr } = start(t, { env });
  const [, origin = ""] = await stderr.until(/^Listening on (.*)\/userCreated\n/);
  const url = "https://example.ngrok-free.dev";
  agent.answers.endpoints = endpoints(endpoint(url, origin));
  await stderr.until(/\/userCreated\n[^]*\/userCreated\n/);
  assert.match(stderr.text, new RegExp(`^.*\n\\S+ The tunnel is open.*\n  ${url}/userCreated\n$`));
});

test("a signal: idle connections are dropped, what is under way is finished, exit 0", async (t) => {
  const receiver = await startReceiver(t);
  const unused = await connect(receiver.port);
  const idle = await connect(receiver.port);
  idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(idle, "data");
  const slow = await begin(receiver.url, BODY.length);

  receiver.child.kill("SIGINT");
  // They go while the delivery is still under way.
  assert.deepEqual(await Promise.all([drain(unused), drain(idle)]), ["", ""]);
  // Reset is what came in the moment before.
  await assert.rejects(send(receiver.url), { code: /^ECONN(REFUSED|RESET)$/ });
  // Further signals change nothing.
  receiver.child.kill("SIGINT");
  receiver.child.kill("SIGTERM");
  slow.write(BODY);
  assert.match(await drain(slow), /^HTTP\/1\.1 200 OK\r\n/);
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  assert.equal(receiver.users(), userLine(JOHN));
  const last = / GET \/ 200 .*\n\d\d:\d\d:\d\d Stopping\.\n\S+ POST .*: 1 event, 1 announced\n$/;
  assert.match(receiver.stderr.text, last);
});

test("a closed stdout: what is not printed is not acknowledged, one clear line, exit 1", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.destroy();
  const first = await begin(receiver.url, BODY.length);
  const second = await begin(receiver.url, 1);
  first.write(BODY);
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
  const socket = await begin(receiver.url, BODY.length);
  receiver.child.kill("SIGTERM");
  await receiver.stderr.until(/ Stopping\.\n/);
  receiver.child.stdout?.destroy();
  socket.write(BODY);
  assert.match(await drain(socket), /^HTTP\/1\.1 503 /);
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
});

const knowsProxies = process.allowedNodeEnvironmentFlags.has("--use-env-proxy");
const hasProxies = knowsProxies && process.platform === "linux";
const needsProxies = { skip: !hasProxies && "needs Linux, and a Node whose fetch uses proxies" };

test("the agent and this machine are never asked for through a proxy", needsProxies, async (t) => {
  // Nobody is at the proxy's address.
  const proxied = { ...GUIDE, NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:2" };
  const agent = await startAgent(t);
  const NGROK_WEB_ADDR = agent.address.replace("127.0.0.1", "localhost");
  const LISTEN_HOST = "127.0.0.2";
  const { url, stderr } = await startReceiver(t, {
    env: { ...proxied, NGROK_WEB_ADDR, LISTEN_HOST },
  });
  agent.answers.endpoints = endpoints(endpoint("https://example.com", new URL(url).origin));
  await stderr.until(/ The tunnel is open\./);

  // Of a host that is not set here the environment decides.
  const environments: [env: Record<string, string>, code: number][] = [
    [{ LISTEN_HOST }, 0],
    [{ NO_PROXY: LISTEN_HOST }, 0],
    [{}, 1],
  ];
  for (const [env, code] of environments) {
    const options = { env: { ...proxied, ...env } };
    const simulator = run(t, process.execPath, [...SIMULATE, url], options);
    assert.equal((await simulator.ended).code, code, simulator.stdout.text);
  }
});
