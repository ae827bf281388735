/** Programs that start the program which their operands name. In: manuals and GTFOBins. Out: records; never code. */
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

export const wrappers: readonly Program[] = [
  {
    names: 'busybox toybox',
    can: 'exec write network',
    why: 'its first operand chooses one of its programs, a shell among them',
    operands: 'program',
    operandStops: true,
    safe: fixed('/usr/bin/busybox, wc, -l, --, "{path}"'),
    sources: ['gtfobins:busybox', 'https://busybox.net/downloads/BusyBox.html'],
  },
  plain('catchsegv', '', ['man:catchsegv(1)']),
  plain('choom', '-n --adjust -p --pid', ['gtfobins:choom']),
  plain('chrt', '-T -P -D --sched-runtime --sched-period --sched-deadline', ['man:chrt(1)'], {
    operands: 'data program',
  }),
  plain('coreutils', '', ['https://www.gnu.org/software/coreutils/manual/'], {
    flags: { program: '--coreutils-prog' },
    style: 'words',
  }),
  plain('cpulimit', '-l --limit -p --pid -e --exe -P --path', ['gtfobins:cpulimit']),
  plain('daemonize daemon', '-p -l -u -o -e -c -E', ['man:daemonize(1)']),
  plain('dbus-run-session dbus-launch', '--config-file', ['man:dbus-run-session(1)'], {
    flags: { program: '--dbus-daemon', load: '--config-file' },
  }),
  plain('distcc ccache sccache', '', ['gtfobins:distcc', 'man:ccache(1)']),
  plain('dumb-init tini catatonit', '-r --rewrite -p -e', ['https://github.com/Yelp/dumb-init']),
  {
    names: 'env',
    can: 'exec',
    why: 'it starts the first operand that is no NAME=value, and -S splits one text into a whole command',
    operands: 'program',
    operandStops: true,
    assigns: true,
    flags: { code: '-S --split-string', value: '-u --unset -C --chdir' },
    safe: fixed('/usr/bin/env, LANG=C, /usr/bin/sort, --, "{path}"'),
    sources: [
      'gtfobins:env',
      'man:env(1)',
      'https://github.com/nextlevelbuilder/goclaw/issues/1202',
    ],
  },
  {
    names: 'flock',
    can: 'exec write',
    why: 'behind the lock file its operands are the program that it starts, and -c takes a shell command',
    operands: 'write program',
    operandStops: true,
    flags: { code: '-c --command', value: '-w --wait --timeout -E --conflict-exit-code' },
    safe: fixed('/usr/bin/flock, /workspace/.lock, /usr/bin/fixed-program'),
    sources: ['gtfobins:flock', 'man:flock(1)', 'https://github.com/openclaw/openclaw/pull/93362'],
  },
  plain('grc', '-c --config', ['gtfobins:grc'], { flags: { load: '-c --config' } }),
  plain('ionice', '-c --class -n --classdata -p --pid -P --pgid -u --uid', ['gtfobins:ionice']),
  plain(
    'ld.so ld-linux* ld-musl*',
    '--library-path --argv0 --inhibit-rpath',
    ['gtfobins:ld.so', 'man:ld.so(8)'],
    {
      flags: { load: '--preload --audit --library-path', value: '--argv0' },
      style: 'words',
    },
  ),
  plain('logsave', '', ['gtfobins:logsave'], { operands: 'write program', can: 'exec write' }),
  plain('ltrace', '-e -l -n -s -x -w -D', ['gtfobins:ltrace'], {
    can: 'exec write',
    flags: { write: '-o --output', load: '-F --config', value: '-a -A -e -l -n -p -s -u -w -x -D' },
  }),
  plain('multitime', '-f -n -I -i -o -q -s', ['gtfobins:multitime'], {
    flags: { code: '-i -o -r', value: '-f -I -n -s' },
  }),
  plain('nice', '-n --adjustment', ['gtfobins:nice', 'man:nice(1)']),
  plain('nohup', '', ['gtfobins:nohup', 'man:nohup(1)']),
  plain('numactl', '-i -m -N -C -l -p', ['man:numactl(8)']),
  {
    names: 'parallel sem',
    can: 'exec write network',
    why: 'its operands and its standard input are commands for a shell',
    operands: 'code*',
    flags: {
      code: '--rpl --tagstring',
      load: '-a --arg-file --env --profile -J',
      destination: '-S --sshlogin --sshloginfile',
      value: '-j --jobs -n -N -I -d',
    },
    stdin: 'code',
    safe: 'Declare one command that runs the program itself, and let the caller ask for it several times.',
    sources: ['man:parallel(1)', 'https://www.gnu.org/software/parallel/man.html'],
  },
  plain('perf', '', ['gtfobins:perf'], { operands: 'subcommand program', can: 'exec write' }),
  plain('prlimit', '-p --pid -o --output', ['man:prlimit(1)']),
  plain(
    'proxychains proxychains4 torsocks torify',
    '-f',
    ['gtfobins:torsocks', 'gtfobins:torify'],
    {
      can: 'exec network',
      flags: { load: '-f' },
    },
  ),
  plain('rlwrap', '-a -b -C -f -H -l -p -P -r -s -S -t', ['gtfobins:rlwrap'], {
    flags: { code: '-z --filter', write: '-l -H', value: '-a -b -C -f -p -P -s -S -t' },
  }),
  plain('run-parts', '-a --arg -u --umask', ['gtfobins:run-parts', 'man:run-parts(8)'], {
    operands: 'script',
    why: 'it runs every file of the folder that it is given',
  }),
  {
    names: 'script scriptlive scriptreplay',
    can: 'exec write',
    why: '-c runs a shell command, and without it a shell starts',
    operands: 'write*',
    flags: {
      code: '-c --command',
      write: '-B -I -O -T --log-io --log-in --log-out --log-timing',
      value: '-E -o -m',
    },
    stdin: 'code',
    safe: 'Declare the program itself.',
    sources: ['gtfobins:script', 'man:script(1)'],
  },
  plain('setarch linux32 linux64 i386 x86_64 uname26', '', ['gtfobins:setarch', 'man:setarch(8)'], {
    operands: 'data program',
  }),
  plain('setsid', '', ['man:setsid(1)']),
  plain(
    'softlimit setlock envdir envuidgid setuidgid',
    '-m -d -s -l -a -o -p -f -c -r -t',
    ['gtfobins:softlimit', 'gtfobins:setlock'],
    { operands: 'load program' },
  ),
  plain('sshpass', '-p -f -d -P', ['gtfobins:sshpass']),
  plain(
    'start-stop-daemon',
    '-n --name -u --user -p --pidfile -s --signal -R --retry -c --chuid',
    ['gtfobins:start-stop-daemon'],
    {
      operands: 'data*',
      flags: {
        program: '-x --exec -a --startas',
        value: '-n --name -u --user -p --pidfile -s --signal',
      },
    },
  ),
  plain('stdbuf', '-i --input -o --output -e --error', ['gtfobins:stdbuf', 'man:stdbuf(1)']),
  plain('strace', '-e -E -s -p -u -a -b -I -P -S', ['gtfobins:strace', 'man:strace(1)'], {
    can: 'exec write',
    why: 'its operands are the program that it starts, and -o "|command" runs another',
    flags: { write: '-o --output', value: '-a -b -e -E -I -p -P -s -S -u' },
    forms: [
      {
        sample: '|id',
        does: 'exec',
        says: 'a name that begins with "|" is a command',
        flags: '-o --output',
      },
    ],
  }),
  plain('taskset', '-p --pid', ['gtfobins:taskset', 'man:taskset(1)'], {
    operands: 'data program',
  }),
  plain('time gtime', '-f --format', ['gtfobins:time', 'man:time(1)'], {
    can: 'exec write',
    flags: { write: '-o --output', value: '-f --format' },
  }),
  plain('timeout', '-k --kill-after -s --signal', ['gtfobins:timeout', 'man:timeout(1)'], {
    operands: 'data program',
  }),
  plain('valgrind', '', ['gtfobins:valgrind'], {
    can: 'exec write',
    flags: { code: '--db-command', load: '--suppressions', write: '--log-file --xml-file' },
  }),
  plain('watch', '-n --interval', ['gtfobins:watch', 'man:watch(1)'], {
    safe: 'Declare the program itself, and let the caller ask for it.',
    operands: 'code*',
    why: 'its operands are a command for sh -c',
  }),
  plain(
    'with-lock-ex chronic errno ifne vipe ts pee lckdo',
    '-t -q -w',
    ['https://joeyh.name/code/moreutils/'],
    {},
  ),
  {
    names: 'xargs',
    can: 'exec',
    why: 'its operands are the program that it starts, and its standard input the arguments',
    operands: 'program',
    operandStops: true,
    flags: {
      read: '-a --arg-file',
      value:
        '-d --delimiter -E -I --replace -L --max-lines -n --max-args -P --max-procs -s --max-chars',
    },
    stdin: 'setting',
    safe: fixed('/usr/bin/wc, -l, --, { spread: paths }'),
    sources: ['gtfobins:xargs', 'man:xargs(1)'],
  },
  plain('xvfb-run', '-e -f -n -p -s -w', ['man:xvfb-run(1)'], {
    can: 'exec write',
    flags: {
      setting: '-s --server-args',
      write: '-e --error-file -f --auth-file',
      value: '-n -p -w',
    },
  }),
];
