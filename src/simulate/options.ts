/** The simulator's command line, and what npm and PowerShell leave of it. */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { fieldsOf } from "../values.js";

/** What --help prints, and what follows the message of a misuse. */
export const USAGE = `Usage: npm run simulate -- [options]
  --url URL      the event hook's URL (default: the receiver on this machine)
  --event TYPE   after the verification, deliver only an event of this type
  --email LOGIN  the user's login (default: john.doe@example.com)
  --file JSON    after the verification, deliver only what is in this file
  --help         show this
`;

/** A command line that does not say what to do: its message says how to write it. */
export class UsageError extends Error {}

/** What the command line asks for. */
export interface Options {
  /** The event hook's URL. Default: the receiver on this machine. */
  url?: string;
  /** The event type to deliver after the verification, in place of all the deliveries. */
  event?: string;
  /** The user's login. Default: john.doe@example.com. */
  email?: string;
  /** The path of a file to deliver after the verification, in place of all the deliveries. */
  file?: string;
  /** Whether only the usage is wanted. */
  help?: boolean;
}

const text = { type: "string" } as const;
const OPTIONS = {
  url: text,
  event: text,
  email: text,
  file: text,
  help: { type: "boolean", short: "h" },
} as const;

/** Reads the options. Throws a UsageError. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parse(args);
  const options: Options = { ...values };
  for (const argument of positionals) {
    const name = nameOfBare(argument);
    if (options[name] !== undefined) throw new UsageError(`Two values for --${name}: use one.`);
    options[name] = argument;
  }
  refuseKeptOptions(options, env);
  for (const name of ["email", "event", "file"] as const) {
    if (options[name] === "") throw new UsageError(`--${name} needs a value.`);
  }
  if (options.file !== undefined && (options.email ?? options.event) !== undefined) {
    throw new UsageError("--file is delivered as it is: use it without --email and --event.");
  }
  return options;
}

function parse(args: string[]) {
  try {
    // A -- too many would make what follows it bare arguments.
    const given = args.filter((argument) => argument !== "--");
    return parseArgs({ args: given, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${fieldsOf(error).message}`);
  }
}

const EVENT_TYPE = /^\w+(\.\w+)+$/;

/** The option that a bare argument is the value of: PowerShell loses the --, and npm the option. */
function nameOfBare(argument: string): "url" | "email" | "event" | "file" {
  if (/^https?:\/\//i.test(argument)) return "url";
  if (existsSync(argument) || /\.(json|txt)$/i.test(argument)) return "file";
  if (argument.includes("@")) return "email";
  return EVENT_TYPE.test(argument) ? "event" : "file";
}

/** npm keeps an option that stands before --, and passes on at most its bare value. */
function refuseKeptOptions(options: Options, env: NodeJS.ProcessEnv): void {
  // Not email: npm sets that from anybody's .npmrc.
  for (const name of ["url", "event", "file"] as const) {
    const kept = env[`npm_config_${name}`];
    if (kept === undefined || (kept === "true" && options[name] !== undefined)) continue;
    throw new UsageError(`npm kept --${name}: write npm run simulate -- --${name} VALUE`);
  }
}
