/** The receiver on Fastify, as its documentation writes it: @fastify/basic-auth and its own log. */
import basicAuth from "@fastify/basic-auth";
import Fastify from "fastify";

async function validate(username, password) {
  if (username === "admin" && password === "supersecret") return;
  return new Error("Unauthorized");
}

const app = Fastify({ logger: true, bodyLimit: 10 * 1024 * 1024 }); // As much as the others take.
await app.register(basicAuth, { validate });
app.addHook("onRequest", app.basicAuth);
app.post("/userCreated", (request, reply) => {
  for (const event of request.body.data.events) {
    if (event.eventType !== "user.lifecycle.create") continue;
    const user = event.target.find((target) => target.type === "User");
    if (user) console.log(`The user ${user.alternateId} has been added to the Okta org!`);
  }
  reply.send();
});
console.error("Listening on", await app.listen({ host: "127.0.0.1", port: 0 }));
