/**
 * Do the installed packages differ from the lockfile? In: package-lock.json and what npm noted in node_modules.
 * Out: exit 0 if they agree; exit 1 and the reason on standard output if not. Runs on any Node that npm runs on.
 */
import { existsSync, readFileSync } from 'node:fs';

function reason() {
  const noted = 'node_modules/.package-lock.json';
  if (!existsSync(noted)) return 'nothing is installed yet';
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const installed = JSON.parse(readFileSync(noted, 'utf8')).packages;
  for (const [path, facts] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    // What is optional may be for another system; that Node is there is checked by itself.
    if (found === undefined && (facts.optional || facts.devOptional || facts.peer)) continue;
    if (found === undefined || !existsSync(path)) return `${path} is missing`;
    if (found.version !== facts.version || found.integrity !== facts.integrity) {
      return `${path} is ${found.version} and should be ${facts.version}`;
    }
  }
  const stranger = Object.keys(installed).find((path) => wanted[path] === undefined);
  return stranger === undefined ? null : `${stranger} is not in package-lock.json`;
}

const why = reason();
if (why !== null) {
  console.log(why);
  process.exitCode = 1;
}
