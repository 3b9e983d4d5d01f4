/** The programs that are measured: the receiver and its rivals, each doing the same work. */

export interface Program {
  name: string;
  /** The compiled program, relative to this file. */
  path: string;
}

export interface Rival extends Program {
  /** Its name in the head of a column. */
  shortName: string;
}

export const RECEIVER: Program = { name: "this receiver", path: "../../server.js" };

export const RIVALS: Rival[] = [
  { name: "Fastify", shortName: "Fastify", path: "./fastify.js" },
  { name: "the guide's stack", shortName: "guide", path: "./guide.js" },
  { name: "bare node:http", shortName: "bare", path: "./bare.js" },
];
