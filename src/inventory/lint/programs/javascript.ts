/** Package managers of JavaScript: they run what packages and projects bring. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const npmSettings = {
  npm_config_ignore_scripts: 'true',
  npm_config_userconfig: '/dev/null',
  npm_config_globalconfig: '/dev/null',
  npm_config_script_shell: '/bin/sh',
  npm_config_update_notifier: 'false',
};
const manager = (
  names: string,
  why: string,
  sources: readonly string[],
  more: Partial<Program>,
): Program => ({
  names,
  can: 'exec load write network',
  why,
  operands: 'subcommand data*',
  safe: `run: [/usr/bin/${names.split(' ')[0]}, install] with fixed words, and approvals with inputs: [the lock file]`,
  sources,
  ...more,
});

export const javascript: readonly Program[] = [
  manager(
    'npm cnpm',
    "run, exec and install run scripts of packages, and a project's .npmrc changes how",
    [
      'gtfobins:npm',
      'https://docs.npmjs.com/cli/configuring-npm/npmrc',
      'https://docs.npmjs.com/cli/using-npm/config#ignore-scripts',
    ],
    {
      flags: {
        program: '--script-shell --shell --editor --viewer --git',
        code: '-c --call --node-options',
        load: '--prefix -C --userconfig --globalconfig --init-module',
        destination: '--registry',
        write: '--cache',
        value: '-w --workspace --loglevel --tag --omit --include',
      },
      subcommands: {
        'run run-script test t tst start stop restart rum urn': {
          operands: 'data*',
          runs: 'the scripts of package.json',
        },
        'install i add ci clean-install update up rebuild install-test it': {
          operands: 'load*',
          runs: 'the scripts of packages, where ignore-scripts is lifted',
        },
        'exec x init create explore edit': { operands: 'program' },
        'ls list ll la outdated audit view info show why explain fund query search ping version pkg doctor':
          { operands: 'data*' },
        'config c set get': { operands: 'setting*' },
        'publish pack': { operands: 'read*', runs: 'the scripts of package.json' },
      },
      protect: [{ variables: npmSettings }],
      safe: 'run: [/usr/bin/npm, ci, --ignore-scripts] with fixed words; for a script: run: [/usr/bin/npm, run, build] with approvals and inputs: [package.json]',
    },
  ),
  manager(
    'npx pnpx',
    'its operand is a package that is fetched and run',
    ['https://docs.npmjs.com/cli/commands/npx'],
    {
      operands: 'program',
      operandStops: true,
      flags: { code: '-c --call', load: '-p --package --userconfig' },
      protect: [{ variables: npmSettings }],
      safe: 'Install the package into a mounted folder, and declare its program.',
    },
  ),
  manager(
    'pnpm',
    'run, exec, dlx and .pnpmfile.cjs run code',
    ['https://pnpm.io/pnpmfile', 'https://pnpm.io/settings'],
    {
      flags: {
        code: '-c --shell-mode',
        load: '-C --dir --global-pnpmfile --pnpmfile',
        program: '--script-shell',
        destination: '--registry',
        value: '-F --filter -w',
      },
      subcommands: {
        'run run-script test t start': { operands: 'data*', runs: 'the scripts of package.json' },
        'install i add update up ci': {
          operands: 'load*',
          runs: 'the scripts of packages, where ignore-scripts is lifted',
        },
        'exec dlx create': { operands: 'program' },
        'list ls ll why outdated audit licenses': { operands: 'data*' },
        'config c': { operands: 'setting*' },
      },
      protect: [{ variables: { ...npmSettings, npm_config_ignore_pnpmfile: 'true' } }],
    },
  ),
  manager(
    'yarn yarnpkg',
    'run, exec and dlx run code, and .yarnrc can name another yarn',
    [
      'gtfobins:yarn',
      'https://classic.yarnpkg.com/lang/en/docs/yarnrc/',
      'https://yarnpkg.com/configuration/yarnrc',
    ],
    {
      runs: 'the scripts of package.json',
      flags: {
        load: '--cwd --use-yarnrc --modules-folder',
        destination: '--registry',
        program: '--script-shell',
      },
      subcommands: {
        'list info why audit outdated licenses versions': { operands: 'data*' },
        'exec dlx create': { operands: 'program' },
        config: { operands: 'setting*' },
      },
      protect: [
        { variables: { ...npmSettings, YARN_IGNORE_PATH: '1', YARN_ENABLE_SCRIPTS: 'false' } },
      ],
    },
  ),
];
