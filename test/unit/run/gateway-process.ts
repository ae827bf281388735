/**
 * A gateway as a process of its own, to be killed or started as somebody else. In: JSON with a wish and options.
 * Out, a line each: `capabilities {…}`, `started {…}` with the handle, `output` at the first byte, `growth N`, `outcome {…}`.
 */
import { run, runnerFor, type Wish } from './fixture.ts';

const wish = JSON.parse(process.argv[2]!) as Wish & {
  readonly sandbox?: 'required' | 'unsandboxed';
  readonly starter?: 'gateway';
  /** Runs `true` first, and what was asked for in the sandbox that is started ahead then. */
  readonly twice?: boolean;
};

let chunks = 0;
let chunksBefore = 0;
let baseline: number | null = null;
let growth = 0;
// When no more comes live the limit is full: from then on, output must cost no more memory.
const sampling = setInterval(() => {
  const { rss } = process.memoryUsage();
  if (chunks > 0 && chunks === chunksBefore) baseline ??= rss;
  chunksBefore = chunks;
  if (baseline !== null) growth = Math.max(growth, rss - baseline);
}, 20);

const closers: (() => Promise<void>)[] = [];
const runner = await runnerFor(
  { after: (close) => closers.push(close) },
  { sandbox: wish.sandbox ?? 'required', graceMs: 200, starter: wish.starter ?? null },
);
console.log(`capabilities ${JSON.stringify(runner.capabilities)}`);
if (wish.twice === true) {
  await run(runner, { ...wish, argv: ['/usr/bin/true'] });
  await new Promise((resolve) => setTimeout(resolve, 500));
}
try {
  const ran = await run(runner, wish, {
    onStarted: (handle) => console.log(`started ${JSON.stringify(handle)}`),
    onOutput: () => {
      if (chunks++ === 0) console.log('output');
    },
  });
  console.log(`growth ${baseline === null ? 'not measured' : growth}`);
  const text = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 4000)).toString();
  const { status, exitCode, signal, errorCode, errorMessage, sandbox, usage, stdout, stderr } = ran;
  const told = { status, exitCode, signal, errorCode, errorMessage, sandbox, usage };
  const total = stdout.total + stderr.total;
  const streams = { out: text(stdout.bytes), err: text(stderr.bytes), total };
  console.log(`outcome ${JSON.stringify({ ...told, ...streams, ok: status === 'ok' })}`);
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  console.log(`thrown ${JSON.stringify({ code, message })}`);
}
clearInterval(sampling);
for (const close of closers) await close();
