// Restores a file or folder from $ARTIFACT_STORE/cache and, after the job, keeps it there: as actions/cache does, only
// under a key that was not found, and only where there is something to keep.
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const place = process.env.INPUT_PATH;
const kept = path.join(process.env.ARTIFACT_STORE, "cache", process.env.INPUT_KEY);
const after = process.env.STATE_restored !== undefined;

const found = fs.existsSync(kept);
if (!after) {
  if (found) copy(kept, place);
  fs.appendFileSync(process.env.GITHUB_OUTPUT, `cache-hit=${found}\n`);
  fs.appendFileSync(process.env.GITHUB_STATE, "restored=true\n");
} else if (!found && fs.existsSync(place)) {
  copy(place, kept);
}

// Links to the same files: an environment has thousands.
function copy(from, to) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  execFileSync("cp", ["--archive", "--link", "--no-target-directory", "--no-clobber", from, to]);
}
