/** The load: autocannon, with every answer reported. */
import autocannon from "autocannon";

/** Hears of each answer: its status, and how long it took. */
type AnswerListener = (status: number, milliseconds: number) => void;

/** Sends what autocannon's options say. Rejects when a request gets no answer. */
export function load(
  options: autocannon.Options,
  onAnswer: AnswerListener,
): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    const instance = autocannon(options, (error: unknown, result) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)));
      else if (result.errors > 0) reject(new Error(`${result.errors} requests got no answer`));
      else resolve(result);
    });
    instance.on("response", (_client, status, _bytes, milliseconds) => {
      onAnswer(status, milliseconds);
    });
  });
}
