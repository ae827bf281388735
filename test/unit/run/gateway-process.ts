/**
 * A gateway as a process of its own, to be killed or started as somebody else. In: JSON with a wish and options.
 * Out: `started {…}` with the handle, then `outcome {…}`, a line each.
 */
import { run, runnerFor, type Wish } from './fixture.ts';

const wish = JSON.parse(process.argv[2]!) as Wish & {
  readonly sandbox?: 'required' | 'unsandboxed';
  readonly times?: number;
};
let spoken = false;
let most = 0;
// The peak while it runs is what counts, sampled: at the end all is collected.
const sampling = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
}, 20);
const closers: (() => Promise<void>)[] = [];
const runner = await runnerFor(
  { after: (close) => closers.push(close) },
  { sandbox: wish.sandbox ?? 'required', graceMs: 200 },
);
console.log(`capabilities ${JSON.stringify(runner.capabilities)}`);
try {
  for (let time = 0; time < (wish.times ?? 1); time++) {
    const ran = await run(runner, wish, {
      onStarted: (handle) => console.log(`started ${JSON.stringify(handle)}`),
      onOutput: () => {
        if (!spoken) console.log('output');
        spoken = true;
      },
    });
    const text = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 4000)).toString();
    const { status, exitCode, signal, errorCode, errorMessage, sandbox, usage, stdout, stderr } =
      ran;
    const told = { status, exitCode, signal, errorCode, errorMessage, sandbox, usage };
    const streams = {
      out: text(stdout.bytes),
      err: text(stderr.bytes),
      total: stdout.total + stderr.total,
    };
    console.log(`outcome ${JSON.stringify({ ...told, ...streams, ok: status === 'ok' })}`);
  }
} catch (error) {
  console.log(
    `thrown ${JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message })}`,
  );
}
for (const close of closers) await close();
clearInterval(sampling);
console.log(`memory ${most}`);
