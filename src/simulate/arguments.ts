/** The simulator's command line: bare values in any order, told apart by their form. */
import { existsSync } from "node:fs";
import type { Result } from "../values.js";

/** What --help prints, and what follows the message of a misuse. */
export const USAGE = `Usage: npm run simulate [URL] [EVENT_TYPE] [OUTCOME] [LOGIN] [FILE.json]
Values are given bare, in any order:
  URL         the event hook's URL, such as that of a tunnel;
              without it, the receiver on this machine
  EVENT_TYPE  deliver one event of this type, such as user.session.start
  OUTCOME     what came of it, in capitals, such as FAILURE; without it, SUCCESS
  LOGIN       the user's login; without it, john.doe@example.com
  FILE.json   deliver what is in this file: a delivery, an event of the System
              Log, or a list of such events
Without EVENT_TYPE and FILE.json all deliveries are played that Okta may send.
`;

/** What the command line asks for, each where it was given. */
export interface Arguments {
  url?: string;
  eventType?: string;
  outcome?: string;
  login?: string;
  file?: string;
}

/** The forms of the values, but for a file that exists. */
const FORMS: [name: keyof Arguments, form: RegExp][] = [
  ["url", /^https?:\/\//i],
  ["file", /\.json$/i],
  ["login", /@/],
  ["eventType", /^\w+(\.\w+)+$/],
  ["outcome", /^[A-Z_]+$/],
];

/** Reads the values, or says what cannot be one. */
export function readArguments(args: string[]): Result<Arguments> {
  const found: Arguments = {};
  for (const argument of args) {
    if (argument === "--") continue;
    if (argument.startsWith("-")) {
      return { problems: [`There is no option ${argument}: values are given bare.`] };
    }
    const name = kindOf(argument);
    if (name === undefined) return { problems: [`"${argument}" is none of the values below.`] };
    const other = found[name];
    if (other !== undefined) return { problems: [`Give only one of ${other} and ${argument}.`] };
    found[name] = argument;
  }
  const { file, eventType, outcome, login } = found;
  if (file !== undefined && (eventType ?? outcome ?? login) !== undefined) {
    return { problems: ["A file is delivered as it is: no type, outcome or login beside it."] };
  }
  if (outcome !== undefined && eventType === undefined) {
    return { problems: [`${outcome} is an event's outcome: give its EVENT_TYPE, too.`] };
  }
  return { value: found };
}

function kindOf(argument: string): keyof Arguments | undefined {
  const [name] = FORMS.find(([, form]) => form.test(argument)) ?? [];
  const isFile = name !== "url" && existsSync(argument);
  return isFile ? "file" : name;
}
