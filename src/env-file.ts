/** The file `.env`: into the environment, made at the first start, and what is wrong with it. */
import { constants, copyFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "dotenv";
import { describeFileError, readTextFile } from "./text-file.js";

/** What is in place of `.env`. */
export interface EnvFile {
  /** Whether there is no such file. */
  isMissing: boolean;
  /** What to do about a setting that is missing, in a sentence. */
  remedy: string;
}

/**
 * Reads `.env` in the working directory into the environment, which wins. An empty variable counts
 * as missing: compose files and CI pass unset ones so.
 */
export function loadEnvFile(env: NodeJS.ProcessEnv): EnvFile {
  const file = readTextFile(".env");
  if ("problem" in file) {
    const folder = resolve();
    const missing = existsSync(".env.example")
      ? `There is no .env in ${folder}: copy .env.example to .env, and edit it.`
      : `There is no .env in ${folder}: start in the project's folder.`;
    return { isMissing: file.isMissing, remedy: file.isMissing ? missing : file.problem };
  }
  for (const [name, value] of Object.entries(parse(file.text))) {
    env[name] ||= value;
  }
  const remedy = "Set it in .env, in quotes: an unquoted # starts a comment.";
  return { isMissing: false, remedy };
}

/** How the making of `.env` ended: undefined where there is nothing to make it from. */
export type Making = { isMade: true } | { isMade: false; problem: string } | undefined;

/** Copies `.env.example` to `.env`, never over a file that is there. */
export function makeEnvFile(): Making {
  if (!existsSync(".env.example")) return undefined;
  try {
    copyFileSync(".env.example", ".env", constants.COPYFILE_EXCL);
    return { isMade: true };
  } catch (error) {
    return { isMade: false, problem: describeFileError(".env", error) };
  }
}
