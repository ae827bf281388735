/** Shells: what they are given as a script or behind -c runs. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const safe =
  'run: [/usr/bin/sh, -c, "exec fixed-program \\"$1\\"", --, "{value}"], or the program itself without a shell';
const shell = (names: string, sources: readonly string[], more = {}): Program => ({
  names,
  can: 'exec load',
  why: 'its first operand is a script, -c takes code, and so does standard input',
  operands: 'script data*',
  operandStops: true,
  flags: { load: '--rcfile --init-file', value: '-o -O +o +O' },
  modes: { '-c': 'code data*', '-s': 'data*' },
  stdin: 'code',
  safe,
  sources,
  ...more,
});

export const shells: readonly Program[] = [
  shell('bash rbash', ['gtfobins:bash', 'man:bash(1)']),
  shell('csh tcsh bsd-csh', ['gtfobins:csh', 'man:tcsh(1)']),
  shell('elvish', ['gtfobins:elvish'], { modes: { '-c': 'code data*' } }),
  shell('fish', ['gtfobins:fish'], {
    flags: { code: '-C --init-command' },
    modes: { '-c': 'code data*', '--command': 'code data*' },
  }),
  shell('ksh ksh93 mksh pdksh lksh rksh ksshell', ['gtfobins:ksh', 'gtfobins:ksshell']),
  shell('nu xonsh osh ysh', ['https://www.nushell.sh/book/running_externals.html'], {
    flags: { code: '-e --execute', load: '--config --env-config --plugin-config --rc' },
    modes: { '-c': 'code data*', '--commands': 'code data*' },
  }),
  shell('pwsh powershell', ['gtfobins:pwsh'], {
    style: 'words',
    flags: {
      code: '-c -Command -command -EncodedCommand -ec -e',
      script: '-f -File -file',
      load: '-ConfigurationFile -psc -Settings',
      value: '-ExecutionPolicy -ep -ex',
    },
    modes: {},
  }),
  shell('rc', ['gtfobins:rc']),
  shell('sash', ['gtfobins:sash']),
  shell('sh ash dash posh yash', [
    'gtfobins:dash',
    'gtfobins:ash',
    'man:dash(1)',
    'https://nodejs.org/api/child_process.html',
  ]),
  shell('zsh rzsh', ['gtfobins:zsh', 'man:zsh(1)']),
];
