/** The process: settings from .env, a port that cannot be had, signals, and a stdout that goes away. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect, drain, send } from "./support/http.js";
import { nextRequestLine } from "./support/lines.js";
import { created, delivery, post, SECRET, userLine } from "./support/okta.js";
import { folder, GUIDE, run, SERVER, startReceiver, type RunOptions } from "./support/process.js";
import type { Ends } from "./support/transcript.js";

/** The head of a delivery whose body is asked for, so that the receiver is known to wait for it. */
const HEAD =
  "POST /userCreated HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
  `Expect: 100-continue\r\nAuthorization: ${SECRET}\r\n`;

const LOWEST = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

const start = (t: Ends, options: RunOptions) => run(t, process.execPath, SERVER, options);

/** Starts the receiver where it must fail; resolves to what it said on stderr. */
async function failure(t: Ends, options: RunOptions, args: string[] = []): Promise<string> {
  const receiver = run(t, process.execPath, [...SERVER, ...args], options);
  const code = args.length > 0 ? 2 : 1;
  assert.deepEqual(await receiver.ended, { code, signal: null });
  assert.equal(receiver.stdout.text, "");
  return receiver.stderr.text;
}

/** A folder with the project's `.env.example` in it. */
function newFolder(t: Ends): string {
  const cwd = folder(t);
  copyFileSync(new URL("../.env.example", import.meta.url), join(cwd, ".env.example"));
  return cwd;
}

const { PORT: ANY_PORT, NGROK_WEB_ADDR: NO_AGENT } = GUIDE;
const WITHOUT_CREDENTIALS = { PORT: ANY_PORT, NGROK_WEB_ADDR: NO_AGENT };

test("it takes no arguments, and says where a setting goes", async (t) => {
  const message = await failure(t, { env: GUIDE }, ["--port", "8093"]);
  assert.equal(
    message,
    "The receiver takes no arguments: set PORT and the other settings in .env.\n",
  );
});

test("the first start makes .env, and the guide's secret works as it stands", async (t) => {
  const cwd = newFolder(t);
  const first = start(t, { cwd, env: WITHOUT_CREDENTIALS });
  const [, url = ""] = await first.stderr.until(
    /^\.env was made from \.env\.example\.\nListening on (.*)\n/,
  );
  assert.equal((await send(url, post(delivery()))).status, 200);
  const text = readFileSync(join(cwd, ".env"), "utf8");
  assert.equal(text, readFileSync(join(cwd, ".env.example"), "utf8"));

  writeFileSync(join(cwd, ".env"), "BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD=mine\n");
  const second = start(t, { cwd, env: WITHOUT_CREDENTIALS });
  await second.stderr.until(/^Listening on /);
  const kept = "BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD=mine\n";
  assert.equal(readFileSync(join(cwd, ".env"), "utf8"), kept);
});

const weaker: [what: string, env: Record<string, string>][] = [
  ["LISTEN_HOST", { LISTEN_HOST: "0.0.0.0" }],
  ["a user name", { BASIC_AUTH_USERNAME: "me" }],
  ["a password", { BASIC_AUTH_PASSWORD: "mine" }],
];
for (const [what, env] of weaker) {
  test(`the published password is not put to use where the environment has ${what}`, async (t) => {
    const cwd = newFolder(t);
    const message = await failure(t, { cwd, env: { ...WITHOUT_CREDENTIALS, ...env } });
    assert.match(
      message,
      /^BASIC_AUTH_.*must be set.*\n {2}There is no \.env in .*: copy \.env\.example /,
    );
    assert.deepEqual(readdirSync(cwd), [".env.example"]);
  });
}

const isRoot = process.getuid?.() === 0;
const cannotBeMade = [
  [
    "a link leads nowhere",
    (cwd: string) => symlinkSync(join(cwd, "nowhere", "file"), join(cwd, ".env")),
    /^\.env cannot be used: EEXIST[^\n]*\nIt is made from \.env\.example /,
    false,
  ],
  [
    "the folder cannot be written",
    (cwd: string) => chmodSync(cwd, 0o555),
    /^\.env is not permitted to this user: [^\n]*\nIt is made from \.env\.example /,
    isRoot && "permissions do not bind the superuser",
  ],
] as const;
for (const [what, prepare, said, skip] of cannotBeMade) {
  test(`where .env cannot be made because ${what}, it says so`, { skip }, async (t) => {
    const cwd = newFolder(t);
    prepare(cwd);
    assert.match(await failure(t, { cwd, env: WITHOUT_CREDENTIALS }), said);
    assert.ok(!existsSync(join(cwd, ".env")));
  });
}

test("an empty variable does not hide what .env says, and HOST is not read", async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, ".env"), "BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD=mine\nPORT=0\n");
  const env = { PORT: "", BASIC_AUTH_PASSWORD: "", NGROK_WEB_ADDR: NO_AGENT, HOST: "no such host" };
  const receiver = start(t, { cwd, env });
  const [, port] = await receiver.stderr.until(/^Listening on http:\/\/127\.0\.0\.1:(\d+)\//);
  assert.notEqual(port, "8082");
});

test("without settings it names all that is missing, and the folder that it looked into", async (t) => {
  const cwd = folder(t);
  const message = await failure(t, { cwd, env: { PORT: "eighty" } });
  assert.equal(
    message,
    'PORT must be a whole number from 0 to 65535, not "eighty".\n' +
      "BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD must be set, and not empty.\n" +
      `  There is no .env in ${cwd}: start in the project's folder.\n`,
  );
});

test("an .env that is a folder, in UTF-16, or cut short by a # is told apart", async (t) => {
  const asFolder = folder(t);
  mkdirSync(join(asFolder, ".env"));
  assert.match(await failure(t, { cwd: asFolder }), /\n {2}\.env is a folder, not a file\.\n/);
  const inUtf16 = folder(t);
  const text = "\ufeffBASIC_AUTH_USERNAME=admin\r\nBASIC_AUTH_PASSWORD=x\r\n";
  writeFileSync(join(inUtf16, ".env"), Buffer.from(text, "utf16le"));
  const told = await failure(t, { cwd: inUtf16 });
  assert.match(told, /\n {2}\.env is not UTF-8: save it as UTF-8\.\n/);
  const cutShort = folder(t);
  writeFileSync(join(cutShort, ".env"), "BASIC_AUTH_USERNAME=admin\nBASIC_AUTH_PASSWORD=#x\n");
  const message = await failure(t, { cwd: cutShort });
  assert.match(message, /^BASIC_AUTH_PASSWORD must .*\n {2}Set it in \.env, in quotes: /);
});

test("settings come from .env in the working directory, and the environment wins", async (t) => {
  const cwd = folder(t);
  writeFileSync(
    join(cwd, ".env"),
    'BASIC_AUTH_USERNAME=me\nBASIC_AUTH_PASSWORD="a#b:c"\nPORT=1\nLISTEN_HOST=127.0.0.1\n',
  );
  const { PORT, NGROK_WEB_ADDR } = GUIDE;
  // Were they read, USER and PASSWORD, as Okta's guide names them, would win over .env in most shells.
  const receiver = start(t, {
    cwd,
    env: { PORT, NGROK_WEB_ADDR, USER: "root", PASSWORD: "x", DOTENV_DEBUG: "true" },
  });
  const [, port] = await receiver.stderr.until(
    /^Listening on http:\/\/127\.0\.0\.1:(\d+)\/userCreated\n/,
  );
  assert.notEqual(port, "1");
  const authorization = `Basic ${Buffer.from("me:a#b:c").toString("base64")}`;
  const { headers, ...request } = post(delivery(created("john.doe@example.com")));
  const url = `http://127.0.0.1:${port}/userCreated`;
  assert.equal(
    (await send(url, { ...request, headers: { ...headers, authorization } })).status,
    200,
  );
  await receiver.stdout.until(/\n/);
  assert.equal(receiver.stdout.text, userLine("john.doe@example.com"), "nothing else is on stdout");
});

test("a busy port", async (t) => {
  const other = net.createServer().listen(0, "127.0.0.1");
  t.after(() => void other.close());
  await once(other, "listening");
  const address = other.address();
  const PORT = String(typeof address === "object" ? address?.port : undefined);
  const message = await failure(t, { env: { ...GUIDE, PORT } });
  assert.match(
    message,
    new RegExp(`^\\d\\d:\\d\\d:\\d\\d Port ${PORT} is in use: .*\\n {2}Stop that `),
  );
});

const lowestFreePort = existsSync(LOWEST) ? Number(readFileSync(LOWEST, "utf8")) : 0;
const skip = lowestFreePort <= 81 && "needs a system where port 81 takes privileges";
test("a port that needs privileges", { skip }, async (t) => {
  // The superuser has to give that one up first.
  const node = [process.execPath, ...SERVER];
  const command = isRoot ? ["setpriv", "--bounding-set=-net_bind_service", ...node] : node;
  const [file = "", ...args] = command;
  const receiver = run(t, file, args, { env: { ...GUIDE, PORT: "81" } });
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
  assert.match(
    receiver.stderr.text,
    / Port 81 is not permitted to this user\.\n {2}Set another PORT/,
  );
});

test("an address that is not this machine's", async (t) => {
  const message = await failure(t, { env: { ...GUIDE, LISTEN_HOST: "192.0.2.1" } });
  assert.match(message, / LISTEN_HOST "192\.0\.2\.1" is not an address of this machine\.\n/);
});

const STOPPING = /^\d\d:\d\d:\d\d Stopping\.\n/m;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} drops idle connections, finishes what is under way, and exits with 0`, async (t) => {
    const receiver = await startReceiver(t);
    const idle = await connect(receiver.port);
    idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(idle, "data");
    const body = JSON.stringify(delivery(created("john.doe@example.com")));
    const slow = await connect(receiver.port);
    slow.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n`);
    await once(slow, "data");
    slow.write(body.slice(0, 20));

    receiver.child.kill(signal);
    await receiver.stderr.until(STOPPING);
    const before = receiver.stderr.text.length;
    // From now on: what comes while nobody listens is lost.
    const answer = drain(slow);
    slow.write(body.slice(20));
    assert.equal(await drain(idle), "", "an idle connection is dropped");
    await assert.rejects(send(receiver.url), { code: "ECONNREFUSED" });
    assert.match(await answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(await receiver.ended, { code: 0, signal: null });
    assert.equal(receiver.users(), userLine("john.doe@example.com"));
    const line = await nextRequestLine(receiver.stderr, before);
    assert.deepEqual([line.status, line.text], [200, "1 event, 1 user created"]);
  });
}

/** Opens a request whose body never comes. */
async function stall(port: number) {
  const socket = await connect(port);
  socket.write(`${HEAD}Content-Length: 100\r\n\r\n`);
  await once(socket, "data");
  return socket;
}

test("what never ends is cut off, and the exit is still with 0", async (t) => {
  const receiver = await startReceiver(t);
  const socket = await stall(receiver.port);
  receiver.child.kill("SIGTERM");
  await receiver.stderr.until(STOPPING);
  const before = receiver.stderr.text.length;
  assert.equal(await drain(socket), "");
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  const line = await nextRequestLine(receiver.stderr, before);
  assert.deepEqual([line.status, line.text], [undefined, "no answer, the connection closed"]);
});

test("further signals change nothing: the request under way gets its answer", async (t) => {
  const receiver = await startReceiver(t);
  const socket = await stall(receiver.port);
  receiver.child.kill("SIGINT");
  await receiver.stderr.until(STOPPING);
  receiver.child.kill("SIGINT");
  receiver.child.kill("SIGTERM");
  // What is refused shows that both have arrived: the connection is read after them.
  socket.write("x".repeat(100));
  assert.match(await drain(socket), /^HTTP\/1\.1 400 /);
  assert.deepEqual(await receiver.ended, { code: 0, signal: null });
  assert.equal(receiver.stderr.text.match(/ Stopping\.\n/g)?.length, 1);
});

test("a failure during the stop keeps its exit status", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  const body = JSON.stringify(delivery(created("late@example.com")));
  const socket = await connect(receiver.port);
  socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n`);
  await once(socket, "data");
  receiver.child.kill("SIGTERM");
  await receiver.stderr.until(STOPPING);
  receiver.child.stdout?.destroy();
  socket.write(body);
  assert.match(await drain(socket), /^HTTP\/1\.1 503 /);
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
});

const GONE =
  /^\d\d:\d\d:\d\d Cannot write to stdout \(the pipe was closed\): stopping\.\n {2}Okta /m;
const UNWRITTEN = { error: "The receiver cannot write its log: it is stopping." };

test("a closed stdout: not acknowledged, one clear line, exit 1", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.destroy();
  const answer = await send(receiver.url, post(delivery(created("john.doe@example.com"))));
  assert.equal(answer.status, 503);
  assert.deepEqual(JSON.parse(answer.body), UNWRITTEN);
  assert.deepEqual(await receiver.ended, { code: 1, signal: null });
  assert.match(receiver.stderr.text, GONE);
  assert.equal(receiver.stderr.text.match(new RegExp(GONE, "gm"))?.length, 1);
});

test("a closed stdout matters to nobody while no user is created", async (t) => {
  const receiver = await startReceiver(t, { pipe: true });
  receiver.child.stdout?.destroy();
  assert.equal((await send(receiver.url, post(delivery()))).status, 200);
  assert.equal((await send(receiver.url)).status, 400);
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

test(
  "a full disk: not acknowledged, one clear line, exit 1",
  { skip: !existsSync("/dev/full") && "needs /dev/full" },
  async (t) => {
    const full = openSync("/dev/full", "w");
    const receiver = start(t, { env: GUIDE, stdout: full });
    closeSync(full);
    const [, url = ""] = await receiver.stderr.until(/^Listening on (.*)\n/);
    const answer = await send(url, post(delivery(created("john.doe@example.com"))));
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [503, UNWRITTEN]);
    assert.deepEqual(await receiver.ended, { code: 1, signal: null });
    assert.match(
      receiver.stderr.text,
      / Cannot write to stdout \(the disk is full\): stopping\.\n/,
    );
  },
);

const needsLinux = { skip: process.platform !== "linux" && "needs Linux" };

/** Starts the receiver with stdout in a file that may have one block, as on a disk that is full then. */
async function startOnSmallDisk(t: Ends) {
  const cwd = folder(t);
  const shell = `ulimit -f 1; exec "$0" "$@" >> users.log`;
  const args = ["-c", shell, process.execPath, ...SERVER];
  const receiver = run(t, "bash", args, { env: GUIDE, cwd });
  const [, url = "", port = ""] = await receiver.stderr.until(/^Listening on (.*:(\d+)\/.*)\n/);
  return { ...receiver, url, port: Number(port), file: join(cwd, "users.log") };
}

/** Delivers users until one is refused; resolves to the lines of those that were acknowledged. */
async function fill(url: string): Promise<string> {
  let acknowledged = "";
  for (let sent = 0; ; sent += 1) {
    const login = `user${sent}@example.com`;
    const { status } = await send(url, post(delivery(created(login))));
    if (status === 503) return acknowledged;
    assert.equal(status, 200);
    acknowledged += userLine(login);
    assert.ok(acknowledged.length <= 1024, "more was acknowledged than the disk holds");
  }
}

test(
  "a disk that fills leaves no half line, and the next start appends whole ones",
  needsLinux,
  async (t) => {
    const { url, file, ended } = await startOnSmallDisk(t);
    const acknowledged = await fill(url);
    assert.deepEqual(await ended, { code: 1, signal: null });
    assert.ok(acknowledged.length > 900);
    assert.equal(readFileSync(file, "utf8"), acknowledged);

    const stdout = openSync(file, "a");
    const next = start(t, { env: GUIDE, stdout });
    closeSync(stdout);
    const [, again = ""] = await next.stderr.until(/^Listening on (.*)\n/);
    assert.equal((await send(again, post(delivery(created("after@example.com"))))).status, 200);
    assert.equal(readFileSync(file, "utf8"), acknowledged + userLine("after@example.com"));
  },
);

/**
 * A disk that is full after the first 30 bytes of a group of lines. At that moment another program
 * writes to the file.
 */
const FULL_DISK = `data:text/javascript,${encodeURIComponent(`
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const { writeSync } = fs;
  fs.writeSync = (fd, bytes, offset = 0) => {
    if (fd !== 1) return writeSync(fd, bytes, offset);
    if (offset === 0) return writeSync(fd, bytes, 0, 30);
    fs.appendFileSync("users.log", "another's line\\n");
    throw Object.assign(new Error("no space"), { code: "ENOSPC" });
  };
  syncBuiltinESMExports();
`)}`;

test("what another program wrote behind half a line is not taken away", async (t) => {
  const cwd = folder(t);
  const file = join(cwd, "users.log");
  const stdout = openSync(file, "a");
  const args = ["--import", FULL_DISK, ...SERVER];
  const { stderr, ended } = run(t, process.execPath, args, { env: GUIDE, cwd, stdout });
  closeSync(stdout);
  const [, url = ""] = await stderr.until(/^Listening on (.*)\n/);
  assert.equal((await send(url, post(delivery(created("john.doe@example.com"))))).status, 503);
  assert.deepEqual(await ended, { code: 1, signal: null });
  const half = userLine("john.doe@example.com").slice(0, 30);
  assert.equal(readFileSync(file, "utf8"), `${half}another's line\n`);
});

test(
  "after half a line no other is written, even where there is room again",
  needsLinux,
  async (t) => {
    const { url, port, file, ended } = await startOnSmallDisk(t);
    const late = JSON.stringify(delivery(created("late@example.com")));
    const socket = await connect(port);
    socket.write(`${HEAD}Content-Length: ${late.length}\r\n\r\n`);
    await once(socket, "data");
    await fill(url);
    truncateSync(file);
    socket.write(late);
    assert.match(await drain(socket), /^HTTP\/1\.1 503 /);
    assert.deepEqual(await ended, { code: 1, signal: null });
    assert.equal(readFileSync(file, "utf8"), "");
  },
);
