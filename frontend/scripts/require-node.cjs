// Runs on any Node, however old: says in one line which one is needed.
var version = process.versions.node;
if (Number(version.split(".")[0]) < 20) {
  console.error("error: Node 20 or newer is needed; this is " + version);
  process.exit(2);
}
