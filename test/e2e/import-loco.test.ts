/**
 * `reeve import loco` as a person calls it, on programs that speak like Loco apps, in the real sandbox; and on the real app
 * of examples/loco-app where that is built.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');

const cargo = '[package]\nname = "shop"\n[dependencies]\nloco-rs = "1.2"\n';
/** Loco's own command line, as far as it is asked. */
const plainApp = `case "$*" in
--version) echo "loco-rs 1.2.0" ;;
--help) printf 'Commands:\\n  db    x\\n  jobs  x\\n  task  x\\n' ;;
"-e production task") echo "Error: DB(postgres://ann:hunter2@db/x)" >&2; exit 1 ;;
"-e development task") printf '%-30s[%s]\\n' rotate-keys 'Makes a new key' report 'Prints
numbers' ;;
*" scheduler --list") printf '%-6s %-15s %-12s %-22s %-18s %s\\n' 1 nightly false '0 0 3 * * *' - '"report hours:3"' ;;
*) echo "error: unrecognized subcommand 'reeve'" >&2; exit 2 ;;
esac
`;
/** An app with the crate: \`result\` is JSON, in which the shell puts what it has seen. */
const crateApp = (result: string) => `read -r request
case "$1:$request" in
reeve:*'"operation":"describe"'*) ;;
*) exit 2 ;;
esac
printf '{"version":1,"operation":"describe","environment":"x","ok":true,"durationMs":1,"result":%s}\\n' "${result.replaceAll('"', '\\"')}"
`;
const small =
  '{"app":"shop","version":"1","loco":"1.2.0","migrations":[],"tasks":[],"scheduler":[],"queue":null}';

interface Project {
  readonly folder: string;
  readonly script: string;
  write(path: string, text: string, mode?: number): string;
  reeve(
    args: readonly string[],
    env?: Record<string, string>,
  ): { code: number | null; stdout: string; stderr: string };
  import(...args: readonly string[]): { code: number | null; stdout: string; stderr: string };
  files(): readonly string[];
}

function project(
  t: TestContext,
  app: string,
  environments = ['development', 'production'],
): Project {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-import-')));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, 'shop');
  const write = (path: string, text: string, mode = 0o644) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  write('Cargo.toml', cargo);
  for (const name of environments) write(`config/${name}.yaml`, 'password: hunter2\n');
  const script = write('target/release/shop-cli', `#!/bin/sh\n${app}`, 0o755);
  const reeve = (args: readonly string[], env: Record<string, string> = {}) => {
    const ended = spawnSync(process.execPath, [join(root, 'src/main.ts'), ...args], {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: home,
        XDG_STATE_HOME: join(home, 'state'),
        REEVE_STATE: join(home, 'gateway'),
        ...env,
      },
      encoding: 'utf8',
      timeout: 240_000,
    });
    return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr };
  };
  const files = () =>
    readdirSync(folder)
      .filter((name) => !['Cargo.toml', 'config', 'target'].includes(name))
      .sort();
  return {
    folder,
    script,
    write,
    reeve,
    import: (...args) => reeve(['import', 'loco', ...args]),
    files,
  };
}

test('a draft for a plain app lints clean, and nothing can be run before it is trusted', (t) => {
  const shop = project(t, plainApp);
  const drafted = shop.import();
  assert.equal(drafted.code, 0, drafted.stderr);
  assert.deepEqual(shop.files(), ['inventory.yaml', 'reeve.yaml', 'workspace']);
  assert.match(drafted.stdout, /its plain command line, in the sandbox/);
  assert.match(drafted.stdout, /go through the \d+ lines with "# review:"/);
  const lint = shop.reeve(['lint', '--strict']);
  assert.equal(lint.code, 0, lint.stdout);
  const list = shop.reeve(['list']);
  assert.equal(list.code, 3, 'a draft is not trusted by being made');
  assert.equal(shop.reeve(['trust']).code, 0);
  const commands = JSON.parse(shop.reeve(['list', '--output', 'json']).stdout);
  assert.match(JSON.stringify(commands), /"report"/);
  // A command of the draft runs as it was drafted.
  const run = shop.reeve(['run', 'report', '--env', 'development']);
  assert.equal(run.code, 1, run.stderr);
  const plan = shop.reeve(['plan', 'report', '--env', 'development', '--output', 'json']);
  assert.match(plan.stdout, /"task",\s*"--",\s*"report"/);
});

test('passwords that an app prints in its errors come neither into the draft nor onto the screen', (t) => {
  const shop = project(t, plainApp);
  const drafted = shop.import();
  assert.match(drafted.stdout, /in production\s+Error: DB\(postgres:\/\/…@db\/x\)/);
  for (const text of [
    drafted.stdout,
    drafted.stderr,
    readFileSync(join(shop.folder, 'inventory.yaml'), 'utf8'),
  ])
    assert.doesNotMatch(text, /hunter2/);
});

test('the app is held: no network, nothing of the project but its configuration, nothing to write, no variable of ours', (t) => {
  const seen = `$(exec 2>/dev/null
can() { if "$@" >/dev/null 2>&1; then printf yes; else printf no; fi; }
printf 'config:%s write:%s project:%s home:%s tmp:%s net:%s vars:%s' \\
 "$(can test -r "$LOCO_CONFIG_FOLDER/development.yaml")" "$(can touch "$LOCO_CONFIG_FOLDER/x")" \\
 "$(can test -e FOLDER/Cargo.toml)" "$(can test -e HOMEFOLDER)" "$(can touch here)" \\
 "$(ls /sys/class/net 2>/dev/null | grep -vc lo)" "$(env | cut -d= -f1 | sort | tr '\\n' ',')")`;
  const shop = project(t, '', ['development']);
  const script = `#!/bin/sh
seen="${seen.replaceAll('FOLDER/C', `${shop.folder}/C`).replaceAll('HOMEFOLDER', `${dirname(shop.folder)}/shop`)}"
${crateApp(small.replace('"tasks":[]', '"tasks":[{"name":"seen","detail":"$seen"}]'))}`;
  shop.write('target/release/shop-cli', script, 0o755);
  const drafted = shop.reeve(['import', 'loco', '--out', '-'], {
    SECRET_OF_OURS: 'x',
    DATABASE_URL: 'x',
  });
  assert.equal(drafted.code, 0, drafted.stderr);
  const { commands } = parse(drafted.stdout) as {
    commands: Record<string, { description: string }>;
  };
  const told = commands.seen!.description;
  assert.match(told, /config:yes write:no project:no home:no tmp:yes/, told);
  assert.match(told, /vars:([A-Z_]+,)*LOCO_CONFIG_FOLDER,LOCO_ENV,([A-Z_]+,)*NO_COLOR,/, told);
  assert.doesNotMatch(told, /SECRET_OF_OURS|DATABASE_URL|REEVE_STATE/);
  assert.ok(!existsSync(join(shop.folder, 'config/x')));
  assert.deepEqual(shop.files(), [], '--out - writes nothing');
});

test('an app with the crate is drafted with requests of the crate, and --output json tells all of it', (t) => {
  const tasks =
    '"tasks":[{"name":"rotate-keys","detail":"Makes a new key"},{"name":"__proto__","detail":"\\\\u001b[31mred"}]';
  const shop = project(t, crateApp(small.replace('"tasks":[]', tasks)));
  const drafted = shop.import('--output', 'json');
  assert.equal(drafted.code, 0, drafted.stderr);
  assert.ok(!drafted.stdout.includes('\u001b'));
  const told = JSON.parse(drafted.stdout);
  assert.equal(told.source, 'crate');
  assert.deepEqual(told.tasks, ['rotate-keys', '__proto__']);
  assert.equal(told.out, join(shop.folder, 'inventory.yaml'));
  const text = readFileSync(told.out, 'utf8');
  assert.match(text, /operation: tasks\.run/);
  assert.equal(text.split('# review:').length - 1 >= told.reviews, true);
  assert.equal(shop.reeve(['lint', '--strict']).code, 0);
});

const answers: readonly [title: string, app: string, code: number, said: RegExp][] = [
  [
    'describes itself nowhere',
    `printf '{"version":1,"operation":"describe","environment":null,"ok":false,"durationMs":1,"error":{"code":"CONFIG_INVALID","message":"no\\\\u001b such"}}'; exit 1`,
    1,
    /describes itself in no environment.*CONFIG_INVALID: no\\u\{1b\} such/s,
  ],
  ['floods', `exec yes`, 1, /describes itself in no environment/],
  [
    'panics',
    `printf '\\033[31mthread main panicked at x' >&2; exit 101`,
    1,
    /ended with 101: \\u\{1b\}\[31mthread main panicked/,
  ],
  ['prints something else', `echo hello`, 1, /NOT_A_DESCRIPTION/],
  [
    'is another program',
    `case "$1" in --version) echo "git version 2" ;; *) exit 2 ;; esac`,
    1,
    /is not the command line of a Loco app/,
  ],
  ['is no program at all', '\0', 1, /nothing was written/],
];
for (const [title, app, code, said] of answers) {
  test(`an app that ${title} gives no draft, and nothing is left`, (t) => {
    const shop = project(t, app, ['development']);
    const drafted = shop.import();
    assert.equal(drafted.code, code, drafted.stderr);
    assert.match(drafted.stderr, said);
    assert.ok(!drafted.stderr.includes('\u001b'));
    assert.deepEqual(shop.files(), []);
  });
}

test('what is there already stays, unless --force says so', (t) => {
  const shop = project(t, crateApp(small), ['development']);
  shop.write('inventory.yaml', 'mine');
  const refused = shop.import();
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /inventory\.yaml is there already; nothing was written/);
  assert.deepEqual(shop.files(), ['inventory.yaml']);
  // A link is replaced by --force, never followed.
  const other = shop.write('config/other.txt', 'mine');
  rmSync(join(shop.folder, 'inventory.yaml'));
  symlinkSync(other, join(shop.folder, 'inventory.yaml'));
  assert.equal(shop.import().code, 3);
  assert.equal(shop.import('--force').code, 0);
  assert.equal(readFileSync(other, 'utf8'), 'mine');
  assert.ok(lstatSync(join(shop.folder, 'inventory.yaml')).isFile());
});

test('a reeve.yaml that is there stays as it is, and the draft is for its environments', (t) => {
  const shop = project(t, crateApp(small));
  mkdirSync(join(shop.folder, 'ws'));
  const mine =
    'version: 1\ninventory: mine.yaml\nenvironments: { production: { workspace: ./ws } }\n';
  shop.write('reeve.yaml', mine);
  shop.write('mine.yaml', 'version: 1\ncommands: {}\n');
  const drafted = shop.import();
  assert.equal(drafted.code, 0, drafted.stderr);
  assert.equal(readFileSync(join(shop.folder, 'reeve.yaml'), 'utf8'), mine);
  assert.deepEqual(shop.files(), ['inventory.draft.yaml', 'mine.yaml', 'reeve.yaml', 'ws']);
  const text = readFileSync(join(shop.folder, 'inventory.draft.yaml'), 'utf8');
  assert.match(text, /environments: \[ production \]/);
  assert.match(drafted.stdout, /name it under inventory in reeve\.yaml/);
  const none = 'version: 1\nenvironments: { elsewhere: { workspace: ./ws } }\n';
  shop.write('reeve.yaml', none);
  assert.match(shop.import('--force').stderr, /has none of the environments of the app/);
});

test('a draft that does not load with the reeve.yaml is not written, and the reason is told', (t) => {
  const shop = project(t, crateApp(small), ['development']);
  mkdirSync(join(shop.folder, 'target/ws'));
  // The program lies in the workspace, where a command could replace it.
  const settings = 'version: 1\nenvironments: { development: { workspace: ./target } }\n';
  shop.write('reeve.yaml', settings);
  const drafted = shop.import();
  assert.equal(drafted.code, 1, drafted.stderr);
  assert.match(
    drafted.stderr,
    /The draft does not load with this configuration; nothing was written/,
  );
  assert.match(drafted.stderr, /workspace of environment development/);
  assert.deepEqual(shop.files(), ['reeve.yaml']);
});

const projects: readonly [title: string, change: (shop: Project) => void, said: RegExp][] = [
  ['is not built', ({ script }) => rmSync(script), /not built[\s\S]*cargo build --release/],
  [
    'has a program that may not be executed',
    ({ script }) => chmodSync(script, 0o644),
    /may not be executed/,
  ],
  [
    'has no Cargo.toml',
    ({ folder }) => rmSync(join(folder, 'Cargo.toml')),
    /not the folder of a Loco app/,
  ],
  [
    'has a Cargo.toml of two mebibytes',
    ({ write }) => void write('Cargo.toml', 'x'.repeat(2 ** 21)),
    /larger than 1 MiB/,
  ],
  [
    'has a Cargo.toml without Loco',
    ({ write }) => void write('Cargo.toml', '[package]\nname = "shop"\n'),
    /no dependency loco-rs/,
  ],
  [
    'has no config/',
    ({ folder }) => rmSync(join(folder, 'config'), { recursive: true }),
    /no folder config/,
  ],
  [
    'has a link in place of config/',
    ({ folder }) => {
      rmSync(join(folder, 'config'), { recursive: true });
      symlinkSync('/etc', join(folder, 'config'));
    },
    /config is a symbolic link/,
  ],
  [
    'has a config/ without environments',
    ({ folder }) => {
      for (const name of readdirSync(join(folder, 'config'))) rmSync(join(folder, 'config', name));
    },
    /no ENVIRONMENT\.yaml/,
  ],
  [
    'has a link to another program',
    ({ script }) => {
      rmSync(script);
      symlinkSync('/usr/bin/env', script);
    },
    /leads out of the folder[\s\S]*--bin/,
  ],
  [
    'has a link in place of a workspace',
    ({ folder }) => symlinkSync('/tmp', join(folder, 'workspace')),
    /workspace is no folder[\s\S]*symbolic link/,
  ],
];
for (const [title, change, said] of projects) {
  test(`a folder that ${title} is refused, and nothing is written`, (t) => {
    const shop = project(t, crateApp(small), ['development']);
    change(shop);
    const before = shop.files();
    const drafted = shop.import();
    assert.equal(drafted.code, 2, drafted.stderr);
    assert.match(drafted.stderr, said);
    assert.deepEqual(shop.files(), before);
  });
}

test('environments: local files and the tests’ are left out, and one that is not there is refused', (t) => {
  const shop = project(t, crateApp(small), ['development', 'test', 'production']);
  shop.write('config/development.local.yaml', '');
  shop.write('config/a b.yaml', '');
  mkdirSync(join(shop.folder, 'config/folder.yaml'));
  const drafted = shop.import('--out', '-', '--output', 'json');
  const { environments, notes } = JSON.parse(drafted.stdout);
  assert.deepEqual(
    environments.map(({ name }: { name: string }) => name),
    ['development', 'production'],
  );
  assert.match(notes.join(), /the environment test left out/);
  const wrong = shop.import('--env', '../../etc');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /no configuration for the environment \.\.\/\.\.\/etc/);
});

test('a deployed app needs no Cargo.toml where --bin names its program', (t) => {
  const shop = project(t, crateApp(small), ['production']);
  rmSync(join(shop.folder, 'Cargo.toml'));
  const drafted = shop.import('--bin', 'target/release/shop-cli');
  assert.equal(drafted.code, 0, drafted.stderr);
  assert.equal(shop.reeve(['lint', '--strict']).code, 0);
});

const app = join(root, 'examples/loco-app');
const target = process.env.CARGO_TARGET_DIR;
const built = [
  join(app, 'bin/loco-app-cli'),
  ...(target === undefined ? [] : [join(target, 'debug/loco-app-cli')]),
].find((file) => existsSync(file));
test('the real app is drafted with its tasks, jobs and queue; the draft lints clean and runs', {
  skip: built === undefined && 'examples/loco-app is not built (scripts/setup/loco.sh)',
}, (t) => {
  const shop = project(t, '');
  for (const name of readdirSync(join(shop.folder, 'config')))
    rmSync(join(shop.folder, 'config', name));
  for (const name of readdirSync(join(app, 'config')))
    shop.write(`config/${name}`, readFileSync(join(app, 'config', name), 'utf8'));
  shop.write('Cargo.toml', readFileSync(join(app, 'Cargo.toml'), 'utf8'));
  const program = shop.write('bin/loco-app-cli', '');
  writeFileSync(program, readFileSync(built!));
  chmodSync(program, 0o755);
  const drafted = shop.import('--output', 'json');
  assert.equal(drafted.code, 0, drafted.stderr);
  const told = JSON.parse(drafted.stdout);
  assert.equal(told.source, 'crate');
  for (const name of ['rotate-keys', 'clean-temp', 'verify-keys'])
    assert.ok(told.tasks.includes(name), name);
  assert.ok(told.jobs.length >= 2 && told.migrations >= 4 && told.queue === true, drafted.stdout);
  const lint = shop.reeve(['lint', '--strict']);
  assert.equal(lint.code, 0, lint.stdout);
  assert.equal(shop.reeve(['trust']).code, 0);
  const list = shop.reeve(['run', 'tasks-list', '--env', 'development', '--output', 'json']);
  assert.equal(list.code, 0, list.stdout + list.stderr);
  assert.match(list.stdout, /rotate-keys/);
  // The app keeps its database in data/, which is for people to bring.
  const workspace = join(shop.folder, 'workspace/development');
  const { uid, gid } = lstatSync(workspace);
  mkdirSync(join(workspace, 'data'));
  chownSync(join(workspace, 'data'), uid, gid);
  const asked = ['run', 'migration-status', '--env', 'development', '--output', 'json'];
  const status = shop.reeve(asked);
  assert.equal(status.code, 0, status.stdout + status.stderr);
  const { structured } = JSON.parse(status.stdout).result;
  assert.equal(structured.result.pending, told.migrations);
});
