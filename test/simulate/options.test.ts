/** The command line of `npm run simulate`: what each form of it means, and what is said of misuse. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readOptions, USAGE, UsageError, type Options } from "../../src/simulate/options.js";
import { folder } from "../support/process.js";

const HTTP = "http://127.0.0.1:8082/userCreated";
const HTTPS = "https://example.ngrok-free.dev/userCreated";
const TYPE = "group.user_membership.add";
const shown = (args: string[]) => JSON.stringify(args.join(" "));

describe("what is meant", () => {
  const meant: [args: string[], options: Options][] = [
    [[], {}],
    [["--help"], { help: true }],
    [["-h"], { help: true }],
    [["--url", HTTPS], { url: HTTPS }],
    [[`--url=${HTTPS}`], { url: HTTPS }],
    [["--url", ""], { url: "" }], // To be refused like any other text that is no URL.
    [["--email", "zoë\u202e\u001b@example.com"], { email: "zoë\u202e\u001b@example.com" }],
    [["--event", TYPE], { event: TYPE }],
    [["--event", "anything"], { event: "anything" }],
    [["--file", "delivery.json"], { file: "delivery.json" }],
    [["--event", TYPE, "--email", "a@b.example"], { event: TYPE, email: "a@b.example" }],
    [["--email", "a@b.example", "--url", HTTP], { email: "a@b.example", url: HTTP }],
    [[HTTP], { url: HTTP }],
    [[HTTPS], { url: HTTPS }],
    [["HTTP://127.0.0.1/userCreated"], { url: "HTTP://127.0.0.1/userCreated" }],
    [["delivery.json"], { file: "delivery.json" }],
    [["https.json"], { file: "https.json" }],
    [["saved/http://copy.json"], { file: "saved/http://copy.json" }],
    [["ftp://127.0.0.1/userCreated"], { file: "ftp://127.0.0.1/userCreated" }],
    [["./saved/delivery"], { file: "./saved/delivery" }],
    [["delivery"], { file: "delivery" }],
    [["note.txt"], { file: "note.txt" }],
    [["a@b.example.json"], { file: "a@b.example.json" }],
    [["a@b.example"], { email: "a@b.example" }],
    [["zoë+1@b.example"], { email: "zoë+1@b.example" }],
    [[TYPE], { event: TYPE }],
    [["user.session.start"], { event: "user.session.start" }],
    [[HTTP, TYPE, "a@b.example"], { url: HTTP, event: TYPE, email: "a@b.example" }],
    [["a@b.example", "--event", TYPE], { event: TYPE, email: "a@b.example" }],
    [["--", "--url", HTTP], { url: HTTP }],
    [["--", "a@b.example"], { email: "a@b.example" }],
    [["--email", "a@b.example", "--", "--", HTTP], { url: HTTP, email: "a@b.example" }],
    [[HTTP, "delivery.json"], { url: HTTP, file: "delivery.json" }],
    [["delivery.json", HTTP], { url: HTTP, file: "delivery.json" }],
    [["delivery.json", "--url", HTTP], { url: HTTP, file: "delivery.json" }],
    [["--file", "delivery.json", HTTP], { url: HTTP, file: "delivery.json" }],
    [[HTTP, "--email", "a@b.example"], { url: HTTP, email: "a@b.example" }],
  ];
  for (const [args, options] of meant) {
    test(`${shown(args)} is understood`, () => {
      assert.deepEqual(readOptions(args, {}), options);
    });
  }

  test("a file that is there is no login, whatever its name", (t) => {
    const file = join(folder(t), "a@b.example");
    assert.deepEqual(readOptions([file], {}), { email: file });
    writeFileSync(file, "");
    assert.deepEqual(readOptions([file], {}), { file });
  });
});

describe("misuse", () => {
  const TWO_URLS = "Two values for --url: use one.";
  const TWO_FILES = "Two values for --file: use one.";
  const FILE_ALONE = "--file is delivered as it is: use it without --email and --event.";
  const misused: [args: string[], message: string | RegExp][] = [
    [[HTTP, HTTP], TWO_URLS],
    [["--url", HTTP, HTTPS], TWO_URLS],
    [["--url", "", HTTP], TWO_URLS],
    [["a.json", "b.json"], TWO_FILES],
    [[HTTP, "a.json", "--file", "b.json"], TWO_FILES],
    [["a@b.example", "c@d.example"], "Two values for --email: use one."],
    [["--event", TYPE, "user.session.start"], "Two values for --event: use one."],
    [[HTTP, "--email", ""], "--email needs a value."],
    [["--event", ""], "--event needs a value."],
    [["--file", ""], "--file needs a value."],
    [["--email", "a@b.example", "--file", "a.json"], FILE_ALONE],
    [["a@b.example", HTTP, "a.json"], FILE_ALONE],
    [["--event", TYPE, "--file", "a.json"], FILE_ALONE],
    [["a.json", TYPE], FILE_ALONE],
    // How these go on is Node's business.
    [["--nonsense", HTTP], /^Unknown option '--nonsense'/],
    [["-u", HTTP], /^Unknown option '-u'/],
    [["--url"], /^Option '--url <value>' argument missing/],
    [["--url", "--file", "a.json"], /^Option '--url' argument is ambiguous\.\n/],
    [["--help=1"], /--help' does not take an argument/],
  ];
  for (const [args, message] of misused) {
    test(`${shown(args)} is refused`, () => {
      assert.throws(
        () => readOptions(args, {}),
        (error) => {
          assert.ok(error instanceof UsageError);
          if (typeof message === "string") assert.equal(error.message, message);
          else assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});

describe("an option before npm's own --", () => {
  const KEPT_URL = "npm kept --url: write npm run simulate -- --url VALUE";
  const KEPT_EVENT = "npm kept --event: write npm run simulate -- --event VALUE";
  const KEPT_FILE = "npm kept --file: write npm run simulate -- --file VALUE";
  const kept: [env: Record<string, string>, args: string[], message: string][] = [
    [{ npm_config_url: HTTP }, [], KEPT_URL],
    [{ npm_config_url: HTTP }, ["delivery.json"], KEPT_URL],
    [{ npm_config_url: HTTP }, [HTTPS], KEPT_URL],
    [{ npm_config_url: "true" }, [], KEPT_URL],
    [{ npm_config_url: "true" }, ["delivery.json"], KEPT_URL],
    [{ npm_config_url: "" }, [HTTP], KEPT_URL],
    [{ npm_config_event: TYPE }, [], KEPT_EVENT],
    [{ npm_config_event: TYPE }, [HTTP], KEPT_EVENT],
    [{ npm_config_event: "true" }, [], KEPT_EVENT],
    [{ npm_config_event: "true" }, ["a@b.example"], KEPT_EVENT],
    [{ npm_config_file: "delivery.json" }, [HTTP], KEPT_FILE],
    [{ npm_config_file: "true" }, [HTTP], KEPT_FILE],
    [{ npm_config_file: "" }, ["delivery.json"], KEPT_FILE],
    [{ npm_config_url: "true", npm_config_file: "true" }, [HTTP], KEPT_FILE],
  ];
  for (const [env, args, message] of kept) {
    test(`is refused where npm keeps its value: ${JSON.stringify(env)} ${shown(args)}`, () => {
      assert.throws(() => readOptions(args, env), new UsageError(message));
    });
  }

  const passedOn: [env: Record<string, string>, args: string[], options: Options][] = [
    [{ npm_config_url: "true" }, [HTTP], { url: HTTP }],
    [{ npm_config_url: "true" }, ["--url", HTTP], { url: HTTP }],
    [{ npm_config_event: "true" }, [TYPE], { event: TYPE }],
    [{ npm_config_event: "true" }, [HTTP, TYPE], { url: HTTP, event: TYPE }],
    [{ npm_config_file: "true" }, ["delivery.json"], { file: "delivery.json" }],
    [
      { npm_config_url: "true", npm_config_file: "true" },
      [HTTP, "a.json"],
      { url: HTTP, file: "a.json" },
    ],
  ];
  for (const [env, args, options] of passedOn) {
    test(`is understood where npm passes it on: ${JSON.stringify(env)} ${shown(args)}`, () => {
      assert.deepEqual(readOptions(args, env), options);
    });
  }

  test("is not mixed up with what npm sets from anybody's .npmrc", () => {
    const env = { npm_config_email: "npm@example.com", npm_config_proxy: "true", URL: HTTP };
    assert.deepEqual(readOptions([], env), {});
  });
});

test("the usage names every option, within 80 columns", () => {
  assert.equal(
    USAGE,
    `Usage: npm run simulate -- [options]
  --url URL      the event hook's URL (default: the receiver on this machine)
  --event TYPE   after the verification, deliver only an event of this type
  --email LOGIN  the user's login (default: john.doe@example.com)
  --file JSON    after the verification, deliver only what is in this file
  --help         show this
`,
  );
  for (const line of USAGE.split("\n")) assert.ok(line.length <= 80, line);
});
