/**
 * The demo. In: nothing. Out: a story on standard output; exit 0 only if every check in it held.
 * Never: a gateway left running.
 */

import { printByHand } from './by-hand.ts';
import { variablesOf } from './client.ts';
import { operateLoco } from './loco.ts';
import { failureCount, heading, say } from './page.ts';
import { setStage } from './stage.ts';
import { showAudit, tell } from './story.ts';

const began = performance.now();
heading('Reeve runs declared commands for agents and people');
const stage = await setStage().catch((error: Error) => {
  console.error(`demo: ${error.message}`);
  process.exit(1);
});
try {
  say(`A gateway is running at ${stage.url} on a copy of examples/quickstart, with its state in SQLite.
Each line below is run as it stands; to repeat one while the demo runs:
`);
  for (const [name, value] of Object.entries(variablesOf(stage))) {
    if (name === 'TOKEN') say(`   export TOKEN=$(cat ${stage.state}/local.token)`);
    else
      say(
        `   export ${name}=${name === 'PATH' ? value.split(':').slice(0, 2).join(':').concat(':$PATH') : value}`,
      );
  }
  const told = await tell(stage);
  await showAudit(stage, told);
} finally {
  await stage.stop();
}
await operateLoco().catch((error: Error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
  process.exit();
});
printByHand(stage);
const seconds = Math.round((performance.now() - began) / 1000);
const failures = failureCount();
heading(
  failures === 0 ? `All checks held (${seconds} s)` : `${failures} checks failed (${seconds} s)`,
);
process.exitCode = failures === 0 ? 0 : 1;
