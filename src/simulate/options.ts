/** The simulator's command line, and what npm and PowerShell leave of it. */
import { parseArgs } from "node:util";

/** What --help prints, and what follows the message of a misuse. */
export const USAGE = `Usage: npm run simulate -- [options]
  --url URL        the event hook's URL (default: the receiver on this machine)
  --email ADDRESS  the created user's login (default: john.doe@example.com)
  --file JSON      after the verification, deliver only what is in this file
  --help           show this
`;

/** What the command line asks for. */
export interface Options {
  /** The event hook's URL. Default: the receiver on this machine. */
  url?: string | undefined;
  /** The created user's login. Default: john.doe@example.com. */
  email?: string | undefined;
  /** The path of a file to deliver after the verification, in place of all the deliveries. */
  file?: string | undefined;
  /** Whether only the usage is wanted. */
  help?: boolean | undefined;
}

const text = { type: "string" } as const;
const OPTIONS = { url: text, email: text, file: text, help: { type: "boolean" } } as const;

/** Reads the options. Throws an error that says how to write them. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const options: Options = { ...values };
  for (const argument of positionals) {
    const name = /^https?:\/\//i.test(argument) ? "url" : "file";
    if (options[name] !== undefined) throw new Error(`Two values for --${name}: use one.`);
    options[name] = argument;
  }
  // Not email: npm sets that from anybody's .npmrc.
  for (const name of ["url", "file"] as const) {
    // npm keeps an option that stands before --, and passes on at most its bare value.
    const kept = env[`npm_config_${name}`];
    if (kept === undefined || (kept === "true" && options[name] !== undefined)) continue;
    throw new Error(`npm kept --${name}: write npm run simulate -- --${name} VALUE`);
  }
  if (options.email === "") throw new Error("--email needs an address.");
  if (options.email !== undefined && options.file !== undefined) {
    throw new Error("Use --email or --file, not both.");
  }
  return options;
}
