/** The soak: a day's quota of deliveries, after which memory must be flat and the log exact. */
import { created, delivery, DELIVERY_HEADERS } from "../support/okta.js";
import { load } from "./load.js";
import { startTarget } from "./target.js";

const GROWTH_MB = 16;

/** Takes how many deliveries to send to which program. Returns the exit status: 0 when all is right. */
export async function soak(quota: number, program: string): Promise<number> {
  // One text, cut where each delivery has its own eventId and login.
  const template = JSON.stringify({ eventId: "CUT", data: delivery(created("CUT@example.com")).data });
  const [head = "", middle = "", tail = ""] = template.split("CUT");
  const target = await startTarget(program);
  let sent = 0;
  const samples: number[] = [];
  let acknowledged = 0;
  const options = {
    url: `http://127.0.0.1:${target.port}/userCreated`,
    connections: 20,
    amount: quota,
    requests: [
      {
        method: "POST" as const,
        headers: DELIVERY_HEADERS,
        setupRequest: (request: object) => {
          sent += 1;
          return { ...request, body: `${head}event-${sent}${middle}user-${sent}${tail}` };
        },
      },
    ],
  };
  const { duration } = await load(options, (status) => {
    if (status === 200) acknowledged += 1;
    if (acknowledged % (quota / 20) !== 0) return;
    samples.push(target.memory().now);
    process.stderr.write(
      `${acknowledged.toLocaleString("en")} acknowledged, ${Math.round(samples.at(-1) ?? 0)} MB\n`,
    );
  });
  const log = target.stdout();
  await target.stop();

  const lines = log.split("\n").slice(0, -1);
  const users = new Set(lines);
  let missing = 0;
  for (let user = 1; user <= quota; user += 1) {
    if (!users.has(`The user user-${user}@example.com has been added to the Okta org!`)) missing += 1;
  }
  const half = Math.floor(samples.length / 2);
  const mean = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const growth = mean(samples.slice(-half / 2)) - mean(samples.slice(half / 2, half));
  console.log(
    `${acknowledged.toLocaleString("en")} of ${quota.toLocaleString("en")} deliveries acknowledged in ${Math.round(duration)} s.\n` +
      `stdout holds ${lines.length.toLocaleString("en")} lines; ${missing} users are missing, ${lines.length - users.size} are there twice.\n` +
      `Memory: ${Math.round(Math.max(...samples))} MB at most; the last quarter has ${growth.toFixed(1)} MB over the second.`,
  );
  const exact = acknowledged === quota && lines.length === quota && missing === 0;
  const flat = !(growth > GROWTH_MB);
  console.log(
    exact && flat
      ? "The log is exact and memory is flat."
      : `FAILED: ${exact ? "memory grows" : "the log is not exact"}.`,
  );
  return exact && flat ? 0 : 1;
}
