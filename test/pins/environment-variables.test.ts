/** `.env.example` lists every REEVE_* variable that the code reads, and none that it doesn't. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
/** What Reeve sets for the commands that it runs; it reads none of these. */
const forCommands = ['REEVE_REQUEST_ID'];
const names = (text: string) => text.match(/\bREEVE_[A-Z][A-Z_]*[A-Z]\b/g) ?? [];

test('.env.example lists every variable that the code reads, and no other', () => {
  const files = [...globSync('src/**/*.ts', { cwd: root }), 'bin/reeve'];
  const read = new Set(files.flatMap((file) => names(readFileSync(join(root, file), 'utf8'))));
  const listed = readFileSync(join(root, '.env.example'), 'utf8')
    .split('\n')
    .flatMap((line) => /^#?(REEVE_[A-Z_]+)=/.exec(line)?.[1] ?? []);
  for (const name of forCommands) assert.ok(read.delete(name), name);
  assert.ok(read.size > 10);
  assert.deepEqual([...listed].sort(), [...read].sort());
  assert.equal(new Set(listed).size, listed.length, 'a variable is listed twice');
});

test('.env.example lists the standard variables of OpenTelemetry that the code reads, and no other', () => {
  const files = globSync('src/**/*.ts', { cwd: root });
  const read = new Set(
    files.flatMap((file) => [
      ...readFileSync(join(root, file), 'utf8').matchAll(/\benv\.((?:OTEL_|TRACE)[A-Z_]+)/g),
    ]),
  );
  const listed = readFileSync(join(root, '.env.example'), 'utf8')
    .split('\n')
    .flatMap((line) => /^#((?:OTEL_|TRACE)[A-Z_]+)=/.exec(line)?.[1] ?? []);
  const named = [...new Set([...read].map(([, name]) => name!))].sort();
  assert.deepEqual(named, [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_SDK_DISABLED',
    'OTEL_SERVICE_NAME',
    'OTEL_TRACES_EXPORTER',
    'TRACEPARENT',
    'TRACESTATE',
  ]);
  assert.deepEqual(listed.sort(), named);
});
