/** Programs that start another one as somebody else, or somewhere else. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const fixed = (line: string) => `run: [${line}]`;
/** The plain ones: a program, and nothing before it. */
const plain = (names: string, value: string, sources: readonly string[], more = {}): Program => ({
  names,
  can: 'exec',
  why: 'its operands are the program that it starts',
  operands: 'program',
  operandStops: true,
  flags: { value },
  safe: fixed(`/usr/bin/${names.split(' ')[0]}, /usr/bin/fixed-program, --, "{value}"`),
  sources,
  ...more,
});

export const identities: readonly Program[] = [
  plain('aa-exec', '-p --profile -n --namespace', ['gtfobins:aa-exec']),
  plain('bwrap bubblewrap', '', ['man:bwrap(1)']),
  plain('capsh', '--user --gid --groups --caps --drop', ['gtfobins:capsh'], {
    safe: 'Declare the program itself, and let the caller ask for it.',
    operands: 'code*',
    why: 'what stands behind -- or == goes to a shell',
    flags: { script: '--chroot', program: '--shell' },
    ends: 'none',
  }),
  {
    names: 'chroot',
    can: 'exec',
    why: 'behind the new root its operands are the program that it starts',
    operands: 'load program',
    operandStops: true,
    flags: { value: '--groups --userspec' },
    safe: fixed('/usr/sbin/chroot, /opt/root, /bin/fixed-program'),
    sources: ['gtfobins:chroot', 'man:chroot(8)'],
  },
  plain('fakeroot fakechroot', '-l -s -i -b --lib --faked', ['man:fakeroot(1)'], {
    flags: { load: '-l --lib', program: '--faked' },
  }),
  plain('firejail', '', ['man:firejail(1)'], { flags: { load: '--profile' } }),
  plain(
    'gosu su-exec setuser chpst',
    '-u -U -b -e -n -l -L -m -d -o -p -f -c -r -t',
    ['man:chpst(8)'],
    {
      operands: 'data program',
    },
  ),
  plain('nsenter', '-t --target -S --setuid -G --setgid', ['gtfobins:nsenter', 'man:nsenter(1)']),
  plain('pkexec', '--user', ['gtfobins:pkexec', 'man:pkexec(1)']),
  plain(
    'proot unshare',
    '-R --root -w --wd -S --setuid -G --setgid --map-user --map-group',
    ['gtfobins:unshare', 'man:unshare(1)'],
    {
      flags: {
        load: '-b --bind -r -R --root',
        value: '-w --wd -S --setuid -G --setgid --map-user --map-group',
      },
    },
  ),
  plain('runuser', '', ['man:runuser(1)'], {
    operands: 'data program',
    why: 'it starts its operands as another user, and -c takes a shell command',
    flags: {
      code: '-c --command --session-command',
      program: '-s --shell',
      value: '-u --user -g --group -G -w',
    },
  }),
  plain('setpriv', '--reuid --regid --groups --inh-caps --ambient-caps --bounding-set', [
    'man:setpriv(1)',
  ]),
  plain('sg newgrp', '', ['gtfobins:sg'], { operands: 'data code', flags: { code: '-c' } }),
  plain('su', '', ['gtfobins:su', 'man:su(1)'], {
    operands: 'data data*',
    why: '-c runs a shell command, and without it a shell starts',
    flags: { code: '-c --command --session-command', program: '-s --shell', value: '-g -G -w' },
    stdin: 'code',
  }),
  plain(
    'sudo doas sudoedit',
    '-u -g -h -p -C -D -R -T -U',
    ['gtfobins:sudo', 'gtfobins:doas', 'man:sudo(8)'],
    {
      assigns: true,
      flags: { load: '-R --chroot', value: '-u --user -g --group -h -p -C -D -T -U' },
    },
  ),
  plain(
    'systemd-run systemd-inhibit systemd-cat',
    '-u --unit -p -t --slice -M -H',
    ['man:systemd-run(1)'],
    {
      flags: {
        setting: '-p --property --path-property --timer-property',
        destination: '-H --host',
        value: '-u --unit -t -M --slice --uid --gid --what --who --why --mode',
      },
    },
  ),
];
