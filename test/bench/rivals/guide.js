/** The receiver as Okta's guide writes it: Express, express-basic-auth, body-parser, console.log. */
import bodyParser from "body-parser";
import express from "express";
import basicAuth from "express-basic-auth";

const app = express();
app.use(basicAuth({ users: { admin: "supersecret" } }));
app.use(bodyParser.json({ limit: "10mb" })); // The guide's 100 kB would refuse the batch.
app.post("/userCreated", (request, response) => {
  console.log("Event hook delivery");
  for (const event of request.body.data.events) {
    const user = event.target.find((target) => target.type === "User");
    if (user) console.log(`The user ${user.alternateId} has been added to the Okta org!`);
  }
  response.sendStatus(200);
});
const server = app.listen(0, "127.0.0.1", () => {
  console.error(`Listening on http://127.0.0.1:${server.address().port}`);
});
