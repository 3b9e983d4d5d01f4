/** The load: autocannon, with every answer reported. */
import autocannon from "autocannon";

/** Takes autocannon's options and what hears of each answer. Resolves to the result; rejects on any error. */
export function load(options: autocannon.Options, onAnswer: (status: number, milliseconds: number) => void) {
  return new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error: unknown, result) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)));
      else if (result.errors > 0) reject(new Error(`${result.errors} requests got no answer`));
      else resolve(result);
    });
    instance.on("response", (_client, status, _bytes, milliseconds) => onAnswer(status, milliseconds));
  });
}
