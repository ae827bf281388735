/** Drafts: whatever the app said, they load by the house's own loader without a warning, and run just what was named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Command } from '../../../src/core/command.ts';
import type { LocoDescription } from '../../../src/importers/loco-description.ts';
import { draftLocoInventory } from '../../../src/importers/loco-draft.ts';
import { prepareInvocation } from '../../../src/inventory/invoke.ts';
import { maxFileBytes } from '../../../src/inventory/source-file.ts';
import { app, described, type Ground, ground } from './loco-app.ts';

const plain = (description: LocoDescription): LocoDescription => ({
  ...description,
  source: 'cli',
  migrations: [],
  queue: null,
});

async function invocationOf({ settings }: Ground, command: Command, args = {}) {
  const ask = {
    arguments: args,
    args: null,
    environment: null,
    workingDirectory: null,
    timeoutSeconds: null,
  };
  return prepareInvocation(command, settings, ask, { id: 'ann', onBehalfOf: null });
}

test('with the crate: everything that it can do is declared, and its requests are the crate’s', async (t) => {
  const house = ground(t);
  const draft = draftLocoInventory(app(described()));
  const { commands } = house.load(draft.text);
  assert.deepEqual(
    [...commands.keys()],
    [
      'migrate-db',
      'migration-status',
      'migrate-down',
      'rotate-keys',
      'report',
      'run-nightly',
      'tasks-list',
      'scheduler-list',
      'doctor',
      'version',
      'jobs-list',
      'jobs-tidy',
      'jobs-requeue',
      'jobs-purge',
      'jobs-cancel',
      'jobs-dump',
    ],
  );
  const requestOf = async (name: string, args = {}) => {
    const { stdin, argv } = await invocationOf(house, commands.get(name)!, args);
    assert.deepEqual(argv, ['/app/bin/shop-cli', 'reeve']);
    return JSON.parse(Buffer.from(stdin!).toString());
  };
  const request = (operation: string, args: object) => ({
    version: 1,
    operation,
    environment: 'development',
    arguments: args,
  });
  assert.deepEqual(await requestOf('migrate-db'), request('db.migrate', {}));
  assert.deepEqual(
    await requestOf('migrate-db', { steps: 2 }),
    request('db.migrate', { steps: 2 }),
  );
  assert.deepEqual(
    await requestOf('migrate-down', { expect: ['m20230101_000001_orders'] }),
    request('db.down', { expect: ['m20230101_000001_orders'] }),
  );
  assert.deepEqual(await requestOf('report'), request('tasks.run', { name: 'report', vars: {} }));
  assert.deepEqual(await requestOf('run-nightly'), request('scheduler.run', { name: 'nightly' }));
  assert.deepEqual(
    await requestOf('jobs-list', { status: ['failed'] }),
    request('jobs.list', { status: ['failed'] }),
  );
  for (const command of commands.values()) {
    assert.equal(command.network, 'none', command.name);
    assert.ok(
      command.timeout.defaultMs >= 10_000 && command.timeout.maxMs <= 300_000,
      command.name,
    );
    const grave = command.risk === 'high' || command.risk === 'critical';
    assert.deepEqual(
      command.approvals.map(({ role }) => role),
      grave ? ['ops_lead'] : [],
      command.name,
    );
  }
  assert.equal(commands.get('rotate-keys')!.risk, 'high');
  assert.equal(commands.get('report')!.risk, 'medium');
  assert.ok(draft.reviews > 10);
});

test('by the plain command line: the environment is explicit, and names stand behind --', async (t) => {
  const house = ground(t);
  const description = plain(
    described({
      scheduler: [
        { name: 'nightly', run: 'report hours:24', schedule: '0 0 3 * * *' },
        { name: 'sweep', run: 'rm -rf $X; true', schedule: '' },
      ],
    }),
  );
  const draft = draftLocoInventory(app(description));
  const { commands } = house.load(draft.text);
  const argvOf = async (name: string, args = {}) =>
    (await invocationOf(house, commands.get(name)!, args)).argv.slice(1);
  const environment = ['-e', 'development'];
  assert.deepEqual(await argvOf('migrate-db'), [...environment, 'db', 'migrate']);
  assert.deepEqual(await argvOf('migrate-down'), [...environment, 'db', 'down', '--', '1']);
  assert.deepEqual(await argvOf('report'), [...environment, 'task', '--', 'report']);
  assert.deepEqual(await argvOf('run-nightly'), [
    ...environment,
    'task',
    '--',
    'report',
    'hours:24',
  ]);
  const purge = { maxAgeDays: 9, status: 'failed' };
  assert.deepEqual(await argvOf('jobs-purge', purge), [
    ...environment,
    'jobs',
    'purge',
    '--max-age',
    '9',
    '--status',
    'failed',
  ]);
  assert.ok(!commands.has('run-sweep') && !commands.has('jobs-list'));
  assert.match(draft.notes.join(), /scheduler job sweep left out/);
});

/** Each is a name that somebody could give a task. */
const names = [
  '__proto__',
  'constructor',
  'toString',
  'null',
  'true',
  '~',
  '- x',
  '#comment',
  'a: b',
  '{x}',
  '{environment}',
  '}}{{',
  '&a *a',
  '!!js',
  "it's",
  '"quoted"',
  '%YAML 1.1',
  '---',
  '...',
  '-rf',
  '--help',
  '$(id)',
  '`id`',
  '; rm -rf /',
  '../../etc/passwd',
  'доктор',
  '😀',
  'migrate-db',
  'reeve_approve',
  'doctor',
  '1e3',
  '0x10',
  '2020-01-01',
  'x'.repeat(200),
];
for (const source of ['crate', 'cli'] as const) {
  test(`${source}: a task of any name is run by that name, and by nothing else`, async (t) => {
    const house = ground(t);
    const description = described({
      tasks: names.map((name) => ({ name, detail: `${name} # review: "x"` })),
      scheduler: names.map((name) => ({ name, run: name, shell: true, schedule: name })),
    });
    const draft = draftLocoInventory(app(source === 'cli' ? plain(description) : description));
    const { commands } = house.load(draft.text);
    const run = new Set<string>();
    for (const command of commands.values()) {
      if (!command.title.startsWith('Task ')) continue;
      const { argv, stdin } = await invocationOf(house, command);
      if (source === 'cli') assert.deepEqual(argv.slice(1, 5), ['-e', 'development', 'task', '--']);
      const name =
        source === 'cli'
          ? argv.slice(5).join('\n')
          : JSON.parse(Buffer.from(stdin!).toString()).arguments.name;
      assert.equal(command.title, `Task ${name}`);
      run.add(name);
    }
    assert.deepEqual([...run].sort(), [...names].sort());
  });

  test(`${source}: as much as an app can say still loads`, (t) => {
    const house = ground(t, ['development', 'production']);
    const text = '"{x}" é '.repeat(100);
    const name = (i: number) => `${'Ü{'.repeat(90)}${i}`;
    const description = described({
      tasks: Array.from({ length: 800 }, (_, i) => ({ name: name(i), detail: text })),
      scheduler: Array.from({ length: 800 }, (_, i) => ({
        name: name(i),
        run: text,
        shell: true,
        schedule: text,
      })),
      migrations: Array.from({ length: 800 }, (_, i) => ({ name: name(i) })),
    });
    const environments = ['development', 'production'].map((name) => ({
      name,
      description: source === 'cli' ? plain(description) : description,
      why: null,
    }));
    const draft = draftLocoInventory(app(description, { environments }));
    assert.ok(Buffer.byteLength(draft.text) < maxFileBytes, `${draft.text.length}`);
    house.load(draft.text);
  });
}

test('notes are comments whatever is in them', (t) => {
  const house = ground(t);
  const evil = 'x\n  evil: { run: [/bin/sh] }\r\u2028\u0085evil2: {}';
  const draft = draftLocoInventory(
    app(described({ tasks: [{ name: 'a', detail: evil }] }), {
      name: evil.slice(0, 1),
      environments: [
        { name: 'development', description: described(), why: null },
        { name: 'production', description: null, why: evil },
      ],
      notes: [evil],
    }),
  );
  const { commands } = parse(draft.text) as { commands: object };
  assert.ok(!Object.keys(commands).some((name) => name.startsWith('evil')));
  assert.throws(() => house.load(draft.text), /the settings have no environment "production"/);
});

test('what is there in one environment alone is declared for that one', (t) => {
  const house = ground(t, ['development', 'staging', 'production']);
  const more = described({ tasks: [{ name: 'panic', detail: '' }], queue: null });
  const draft = draftLocoInventory(
    app(more, {
      environments: [
        { name: 'development', description: more, why: null },
        { name: 'staging', description: described({ tasks: [], scheduler: [] }), why: null },
        { name: 'production', description: null, why: 'CONFIG_INVALID: it is empty' },
      ],
    }),
  );
  const { commands } = house.load(draft.text);
  const where = (name: string) => Object.keys(commands.get(name)!.environments);
  assert.deepEqual(where('migrate-db'), ['development', 'staging', 'production']);
  assert.deepEqual(where('panic'), ['development', 'production']);
  assert.deepEqual(where('jobs-tidy'), ['staging', 'production']);
  assert.match(
    draft.notes.join(),
    /in production the app could not say what it has .CONFIG_INVALID/,
  );
  assert.match(draft.text, /# review: said to be there in development, production only/);
});

test('names of environments that YAML would read as something else stay names', (t) => {
  const environments = ['null', 'true', 'on', 'y', 'development'];
  const house = ground(t, environments);
  const draft = draftLocoInventory(
    app(described(), {
      environments: environments.map((name) => ({ name, description: described(), why: null })),
    }),
  );
  const { commands } = house.load(draft.text);
  assert.deepEqual(Object.keys(commands.get('doctor')!.environments), environments);
});

test('nothing that was said: no draft', () => {
  const nothing = { environments: [{ name: 'development', description: null, why: 'x' }] };
  assert.throws(() => draftLocoInventory(app(described(), nothing)), RangeError);
});
