/** The entry of npm's commands: starts one from source, or says what is missing for it. */

// Plain JavaScript without imports: what an old Node or a folder without packages can still run.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  fail(`This needs Node.js 20.12 or newer, and this is ${process.versions.node}.`);
}
try {
  // Lets Node import TypeScript from here on.
  await import("tsx");
} catch (error) {
  // npm leaves the development packages out where NODE_ENV is production.
  if (error.code === "ERR_MODULE_NOT_FOUND") fail("Packages are missing: npm ci --include=dev");
  throw error;
}
// Taken out, so that a command finds its own arguments where they always are.
const [command] = process.argv.splice(2, 1);
await import(`./${command}.ts`);

function fail(problem) {
  console.error(problem);
  process.exit(1);
}
