/** Okta as a client: the requests that it makes of an event hook, and what it makes of the answers. */
import { randomUUID } from "node:crypto";
import { basicAuthorization } from "./basic-auth.js";
import type { Answer } from "./exchange.js";
import { HOOK_PATH, type Settings } from "./settings.js";
import { at, parseJson, printable } from "./text.js";

export interface Step {
  name: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string | Buffer;
  wanted: Wanted;
}

/** What the answer must be for a step to pass. */
type Wanted = typeof CHALLENGE | typeof ACK | "401";
const CHALLENGE = "200 with the same challenge as JSON";
const ACK = "200 or 204";

/** Takes the hook's credentials, a login, and instead of it a body of one's own. Returns Okta's requests. */
export function steps({ username, password }: Settings, email: string, own?: Buffer): Step[] {
  // The second header is not Okta's: it keeps the browser warning of ngrok's free plan away.
  const common = { accept: "application/json", "ngrok-skip-browser-warning": "true" };
  const right = { ...common, authorization: basicAuthorization(username, password) };
  const wrong = { ...common, authorization: basicAuthorization(username, randomUUID()) };
  const post = (name: string, body: string | Buffer, auth: object = right, wanted: Wanted = ACK): Step => {
    const type = { "content-type": "application/json", "user-agent": "Okta Hook Service v1.0.0" };
    return { name, method: "POST", headers: { ...auth, ...type }, body, wanted };
  };
  const challenge = { "user-agent": "Okta-Integrations", "x-okta-verification-challenge": randomUUID() };
  const headers = { ...right, ...challenge, "x-okta-request-id": randomUUID() };
  const verification: Step = { name: "verification", method: "GET", headers, wanted: CHALLENGE };
  if (own) return [verification, post("your delivery", own)];
  const one = delivery(created(email));
  const other = event("user.session.start");
  const batch = delivery(created("jane.roe@example.com"), other, created("max.moe@example.com"));
  return [
    verification,
    post(`delivery of one created user, ${printable(email)}`, one),
    post("delivery of two created users and another event", batch),
    post("delivery of Okta's preview sample: its target is null", delivery(event("user.lifecycle.create"))),
    post("delivery without credentials: to be refused", one, common, "401"),
    post("delivery with a wrong password: to be refused", one, wrong, "401"),
  ];
}

const REMEDIES: Record<string, string> = {
  ERR_NGROK_3200: "start ngrok again, and give Okta its URL: this tunnel is down",
  ERR_NGROK_4018: "run ngrok config add-authtoken <token>, and ngrok again",
  ERR_NGROK_8012: "run npm start, on the port that ngrok forwards to: nothing listens there",
  ECONNREFUSED: "run npm start first: nobody listens there",
  ENOTFOUND: "check the URL, for no host has its name: the tunnel may be closed",
  EPROTO: "write http:// for a receiver on this machine: only the tunnel has https",
  redirect: "give Okta the URL that this one leads to: it follows no redirect",
  401: "give the receiver and this command the same .env, and start the receiver again",
  404: `end the URL in ${HOOK_PATH}`,
};

/** Takes a step, and its answer or error. Returns whether it passed, and what to know about it. */
export function judge({ wanted, headers, method }: Step, answer?: Answer, error?: unknown) {
  const { status = 0, text = "" } = answer ?? {};
  const body = parseJson(text);
  const acknowledged = status === 200 || status === 204;
  const echoes = at(body, "verification") === headers["x-okta-verification-challenge"];
  if (wanted === "401" ? status === 401 : acknowledged && (method === "POST" || echoes)) {
    const chatty = wanted === ACK && text !== "";
    return { passed: true, remark: chatty ? "Warning: Okta wants no body with its acknowledgement." : "" };
  }
  let fate = "Okta does not retry, the events are lost";
  if (method === "GET") fate = "Okta marks the hook unverified";
  else if (wanted === "401" && acknowledged) fate = "anybody who knows the URL can deliver";
  else if (wanted === "401") fate = "whether it asks for credentials remains unknown";
  else if (status === 0 || status >= 500) fate = "Okta retries once, then the events are lost";

  const page = /ERR_NGROK_\d+/.exec(`${at(answer?.headers, "ngrok-error-code")} ${text}`)?.[0];
  const key = page ?? at(error, "code") ?? (status >= 300 && status < 400 ? "redirect" : status);
  const said = at(body, "error");
  const remedy =
    REMEDIES[String(key)] ??
    (typeof said === "string" ? `do as it says: ${said.replace(/\.$/, "")}` : `it must answer ${wanted}`);
  const cause = page ?? (error === undefined ? `the answer is not ${wanted}` : String(at(error, "message")));
  return { passed: false, remark: `${cause}; ${fate}. To change: ${remedy}.` };
}

/** Returns a delivery as Okta documents it. */
function delivery(...events: unknown[]): string {
  const source = "https://example.okta.com/api/v1/eventHooks/who0example";
  const versions = { eventTypeVersion: "1.0", cloudEventsVersion: "0.1", contentType: "application/json" };
  const eventTime = new Date().toISOString();
  const ids = { eventType: "com.okta.event_hook", source, eventId: randomUUID(), eventTime };
  return JSON.stringify({ ...ids, ...versions, data: { events } });
}

const event = (eventType: string, target: unknown = null) => ({
  uuid: randomUUID(),
  published: new Date().toISOString(),
  eventType,
  outcome: { result: "SUCCESS" },
  target,
});

const created = (alternateId: string) =>
  event("user.lifecycle.create", [{ id: "00u0example", type: "User", alternateId }]);
