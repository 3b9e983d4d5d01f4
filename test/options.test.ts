/** The command line of `npm run simulate`: what each form of it means, and what is said of misuse. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readOptions, USAGE, type Options } from "../src/simulate/options.js";

const HTTP = "http://127.0.0.1:8082/userCreated";
const HTTPS = "https://example.ngrok-free.dev/userCreated";
const shown = (args: string[]) => JSON.stringify(args.join(" "));

describe("what is meant", () => {
  const meant: [args: string[], options: Options][] = [
    [[], {}],
    [["--help"], { help: true }],
    [["--url", HTTPS], { url: HTTPS }],
    [[`--url=${HTTPS}`], { url: HTTPS }],
    [["--url", ""], { url: "" }], // To be refused like any other text that is no URL.
    [["--email", "zoë\u202e\u001b@example.com"], { email: "zoë\u202e\u001b@example.com" }],
    [["--file", "delivery.json"], { file: "delivery.json" }],
    [["--email", "a@b.example", "--url", HTTP], { email: "a@b.example", url: HTTP }],
    [[HTTP], { url: HTTP }],
    [[HTTPS], { url: HTTPS }],
    [["HTTP://127.0.0.1/userCreated"], { url: "HTTP://127.0.0.1/userCreated" }],
    [["delivery.json"], { file: "delivery.json" }],
    [["https.json"], { file: "https.json" }],
    [["saved/http://copy.json"], { file: "saved/http://copy.json" }],
    [["ftp://127.0.0.1/userCreated"], { file: "ftp://127.0.0.1/userCreated" }],
    [["--", "--delivery.json"], { file: "--delivery.json" }],
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
});

describe("misuse", () => {
  const TWO_URLS = "Two values for --url: use one.";
  const TWO_FILES = "Two values for --file: use one.";
  const EMAIL_AND_FILE = "Use --email or --file, not both.";
  const misused: [args: string[], message: string | RegExp][] = [
    [[HTTP, HTTP], TWO_URLS],
    [["--url", HTTP, HTTPS], TWO_URLS],
    [["--url", "", HTTP], TWO_URLS],
    [["a.json", "b.json"], TWO_FILES],
    [[HTTP, "a.json", "b.json"], TWO_FILES],
    [[HTTP, "a.json", "--file", "b.json"], TWO_FILES],
    [[HTTP, "--email", ""], "--email needs an address."],
    [["--email", "", "a.json"], "--email needs an address."],
    [["--email", "a@b.example", "--file", "a.json"], EMAIL_AND_FILE],
    [["--email", "a@b.example", HTTP, "a.json"], EMAIL_AND_FILE],
    // How these go on is Node's business.
    [["--nonsense", HTTP], /^Unknown option '--nonsense'/],
    [["-u", HTTP], /^Unknown option '-u'/],
    [["--url"], /^Option '--url <value>' argument missing/],
    [["--url", "--file", "a.json"], /^Option '--url' argument is ambiguous\.\n/],
    [["--help=1"], /^Option '--help' does not take an argument/],
  ];
  for (const [args, message] of misused) {
    test(`${shown(args)} is refused`, () => {
      assert.throws(() => readOptions(args, {}), { message });
    });
  }
});

describe("an option before npm's own --", () => {
  const KEPT_URL = "npm kept --url: write npm run simulate -- --url VALUE";
  const KEPT_FILE = "npm kept --file: write npm run simulate -- --file VALUE";
  const kept: [env: Record<string, string>, args: string[], message: string][] = [
    [{ npm_config_url: HTTP }, [], KEPT_URL],
    [{ npm_config_url: HTTP }, ["delivery.json"], KEPT_URL],
    [{ npm_config_url: HTTP }, [HTTPS], KEPT_URL],
    [{ npm_config_url: "true" }, [], KEPT_URL],
    [{ npm_config_url: "true" }, ["delivery.json"], KEPT_URL],
    [{ npm_config_url: "" }, [], KEPT_URL],
    [{ npm_config_url: "" }, [HTTP], KEPT_URL],
    [{ npm_config_file: "delivery.json" }, [], KEPT_FILE],
    [{ npm_config_file: "delivery.json" }, [HTTP], KEPT_FILE],
    [{ npm_config_file: "true" }, [], KEPT_FILE],
    [{ npm_config_file: "true" }, [HTTP], KEPT_FILE],
    [{ npm_config_file: "" }, ["delivery.json"], KEPT_FILE],
    [{ npm_config_url: "true", npm_config_file: "true" }, [HTTP], KEPT_FILE],
  ];
  for (const [env, args, message] of kept) {
    test(`is refused where npm keeps its value: ${JSON.stringify(env)} ${shown(args)}`, () => {
      assert.throws(() => readOptions(args, env), { message });
    });
  }

  const passedOn: [env: Record<string, string>, args: string[], options: Options][] = [
    [{ npm_config_url: "true" }, [HTTP], { url: HTTP }],
    [{ npm_config_url: "true" }, ["--url", HTTP], { url: HTTP }],
    [{ npm_config_file: "true" }, ["delivery.json"], { file: "delivery.json" }],
    [{ npm_config_file: "true" }, [HTTP, "a.json"], { url: HTTP, file: "a.json" }],
    [{ npm_config_url: "true" }, ["a.json", HTTP], { url: HTTP, file: "a.json" }],
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

  test("is not mixed up with npm's own settings", () => {
    const env = { npm_config_email: "npm@example.com", npm_config_proxy: "true", URL: HTTP };
    assert.deepEqual(readOptions([], env), {});
  });
});

test("the usage names every option, within 80 columns", () => {
  assert.equal(
    USAGE,
    `Usage: npm run simulate -- [options]
  --url URL        the event hook's URL (default: the receiver on this machine)
  --email ADDRESS  the created user's login (default: john.doe@example.com)
  --file JSON      after the verification, deliver only what is in this file
  --help           show this
`,
  );
  for (const line of USAGE.split("\n")) assert.ok(line.length <= 80, line);
});
