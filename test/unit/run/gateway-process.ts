/**
 * A gateway as a process of its own, to be killed or started as somebody else. In: JSON with a wish and options.
 * Out: `started {…}` with the handle, then `outcome {…}`, a line each.
 */
import { run, runnerFor, type Wish } from './fixture.ts';

const wish = JSON.parse(process.argv[2]!) as Wish & {
  readonly sandbox?: 'required' | 'unsandboxed';
  readonly times?: number;
};
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
      onOutput: () => console.log('output'),
    });
    const { stdout, stderr, ...all } = ran;
    const rest = { ...all, out: ran.out.slice(0, 4000), err: ran.err.slice(0, 4000) };
    console.log(
      `outcome ${JSON.stringify({ ...rest, ok: rest.status === 'ok', total: stdout.total + stderr.total })}`,
    );
  }
} catch (error) {
  console.log(
    `thrown ${JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message })}`,
  );
}
for (const close of closers) await close();
console.log(`memory ${process.memoryUsage().rss}`);
