/** The soak: a day's quota of deliveries, after which stdout must be exact and memory flat. */
import { fill, LOGIN, ONE_EVENT, openLoad } from "./load.js";
import { startProgram } from "./program.js";

/** How many events Okta delivers for an org in a day, at most. */
const QUOTA = 400_000;

/** How often memory is read. */
const SAMPLES = 40;

/** By how many MB memory may grow from the second quarter of the soak to the last. */
const GROWTH_LIMIT = 16;

/** Soaks the receiver; resolves to whether all is right. */
export async function soak(): Promise<boolean> {
  const program = await startProgram("dist/server.js");
  const load = await openLoad(program, ONE_EVENT);
  const samples: number[] = [];
  let sent = 0;
  while (sent < QUOTA) {
    let left = QUOTA / SAMPLES;
    sent += await load.send(() => {
      left -= 1;
      return left >= 0;
    });
    samples.push(program.memory("VmRSS"));
  }
  const { missing, surplus } = compareLines(program.stdout());
  load.close();
  program.stop();

  const growth = mean(samples.slice(-SAMPLES / 4)) - mean(samples.slice(SAMPLES / 4, SAMPLES / 2));
  const most = Math.max(...samples);
  console.log(`${sent} deliveries: ${missing} lines are missing, ${surplus} are too many.`);
  console.log(`${most.toFixed(0)} MB at most; ${growth.toFixed(1)} MB from 2nd to last quarter.`);
  return missing === 0 && surplus === 0 && growth <= GROWTH_LIMIT;
}

/** How many users have no line, and how many lines are no user's or a second one. */
function compareLines(stdout: string): { missing: number; surplus: number } {
  const template = `The user ${LOGIN} has been added to the Okta org!\n`;
  const expected = new Set<string>();
  for (let number = 1; number <= QUOTA; number += 1) {
    expected.add(fill(template, number));
  }
  const lines = stdout.split(/(?<=\n)/);
  const surplus = lines.filter((line) => !expected.delete(line)).length;
  return { missing: expected.size, surplus };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
