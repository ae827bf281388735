/** Interpreters of languages: scripts, code in flags, modules. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const interpreter = (
  names: string,
  why: string,
  sources: readonly string[],
  more: Partial<Program>,
): Program => ({
  names,
  can: 'exec load write network',
  why,
  operands: 'script data*',
  operandStops: true,
  stdin: 'code',
  safe: `run: [/usr/bin/${names.split(' ')[0]}, /opt/scripts/fixed, "{value}"] with mounts: [{ path: ./scripts, at: /opt/scripts }]`,
  sources,
  ...more,
});

export const interpreters: readonly Program[] = [
  interpreter(
    'bpftrace dtrace stap',
    '-e takes code, and the first operand is a script',
    ['gtfobins:bpftrace'],
    {
      flags: {
        code: '-e -n',
        program: '-c',
        load: '-I --include -s',
        write: '-o',
        value: '-p -f -B',
      },
    },
  ),
  interpreter(
    'bun bunx',
    'its first operand is a script, -e takes code, -r loads a file; it also loads bunfig.toml',
    ['https://bun.sh/docs/runtime/bunfig'],
    {
      operands: 'script data*',
      flags: {
        code: '-e --eval -p --print',
        load: '-r --preload --require --import -c --config --env-file',
        value: '--cwd',
      },
      subcommands: {
        'run test build': { operands: 'script data*', runs: 'package.json and bunfig.toml' },
        'install i add remove update': { operands: 'data*', runs: 'package.json and bunfig.toml' },
        'x exec create': { operands: 'program' },
      },
    },
  ),
  interpreter(
    'crystal julia octave scilab R Rscript gnuplot maxima gp ginsh sage',
    'scripts and -e run code',
    ['gtfobins:julia', 'gtfobins:octave', 'gtfobins:ginsh'],
    {
      flags: {
        code: '-e -E --eval --exec-args',
        load: '-L --load --path -p --project -J --sysimage',
        script: '-f --file',
      },
      modes: { '-e': 'data*', '-E': 'data*', '--eval': 'data*' },
    },
  ),
  interpreter(
    'deno',
    'run, eval and task run code',
    ['https://docs.deno.com/runtime/fundamentals/security/'],
    {
      operands: 'subcommand data*',
      subcommands: {
        'run test bench serve': {
          operands: 'script data*',
          flags: {
            load: '--import-map --config -c --preload --env-file',
            value: '--allow-read --allow-write',
          },
        },
        eval: { operands: 'code data*' },
        task: { operands: 'data*', runs: 'deno.json' },
        'install compile cache': { operands: 'script data*' },
        'fmt lint check info doc': { operands: 'read*' },
      },
    },
  ),
  interpreter(
    'erl escript elixir iex mix rebar3',
    '-eval and -e run code',
    ['https://www.erlang.org/doc/man/erl.html'],
    {
      style: 'words',
      flags: {
        code: '-eval -e --eval -s -run',
        load: '-pa -pz -r --require -config -boot -args_file',
        value: '-name -sname',
      },
      modes: { '-e': 'data*', '--eval': 'data*' },
    },
  ),
  interpreter('expect', '-c takes code', ['gtfobins:expect', 'man:expect(1)'], {
    flags: { code: '-c', script: '-f -b' },
    modes: { '-f': 'data*' },
  }),
  interpreter(
    'ghc ghci runghc runhaskell ocaml ocamlrun',
    '-e takes code, and -F names a preprocessor',
    ['gtfobins:ghc', 'gtfobins:ghci'],
    {
      flags: {
        code: '-e -init',
        program: '-pgmF -pgmP -pgmL -pgmc',
        load: '-package-db -ghci-script -I',
      },
      style: 'words',
    },
  ),
  interpreter(
    'groovy scala kotlin kotlinc clojure clj bb babashka',
    '-e takes code',
    ['https://groovy-lang.org/groovyc.html'],
    {
      flags: {
        code: '-e --eval',
        load: '-cp -classpath --classpath -m --main -i --init --configscript',
      },
      modes: { '-e': 'data*' },
    },
  ),
  interpreter(
    'irb pry',
    'it reads code, and .irbrc or .pryrc of the folder it stands in',
    ['gtfobins:irb', 'gtfobins:pry'],
    {
      flags: { load: '-r -I', code: '-e' },
      protect: [{ variables: { IRBRC: '/dev/null', DISABLE_PRY: '1' } }],
    },
  ),
  interpreter(
    'java javaw jjs jrunscript jshell',
    '-jar, -cp and a source file run code, -agentlib loads a library, and @file holds more arguments',
    ['gtfobins:jrunscript', 'gtfobins:jjs', 'man:java(1)'],
    {
      style: 'words',
      flags: {
        script: '-jar -f',
        code: '-e',
        load: '-cp -classpath --class-path -p --module-path -javaagent -agentlib -agentpath -XX:Flags -XX:VMOptionsFile',
        module: '-m --module',
      },
      modes: { '-jar': 'data*', '-m': 'data*' },
      forms: [
        { sample: '@x', does: 'load', says: 'a name behind "@" is a file of further arguments' },
      ],
    },
  ),
  interpreter(
    'lua luajit luatex texlua',
    '-e takes code, -l loads a module, and require looks in the folder it stands in',
    ['gtfobins:lua', 'gtfobins:luatex'],
    {
      flags: { code: '-e', load: '-l', value: '-W' },
      protect: [
        {
          when: 'no-script',
          variables: { LUA_PATH: '/usr/share/lua/?.lua;/usr/local/share/lua/?.lua' },
        },
      ],
    },
  ),
  interpreter(
    'node nodejs iojs',
    '-e and -p take code, -r and --import load files',
    ['gtfobins:node', 'https://nodejs.org/api/cli.html'],
    {
      flags: {
        code: '-e --eval -p --print -pe',
        load: '-r --require --import --loader --experimental-loader --env-file --env-file-if-exists --openssl-config --snapshot-blob -C --conditions',
        write:
          '--redirect-warnings --cpu-prof-dir --heap-prof-dir --report-dir --diagnostic-dir --trace-event-file-pattern',
        value: '--max-old-space-size --stack-trace-limit --title --inspect --inspect-brk --run',
      },
      modes: {
        '-e': 'data*',
        '--eval': 'data*',
        '-p': 'data*',
        '--print': 'data*',
        '-pe': 'data*',
      },
    },
  ),
  interpreter(
    'osascript guile racket sbcl clisp ecl emacsclient scheme chicken',
    '-e and -c take code',
    ['https://www.gnu.org/software/guile/manual/'],
    {
      flags: { code: '-e --eval -c -x', load: '-l --load -r --require -t -i' },
    },
  ),
  interpreter('pdb pdb3', 'it runs its operand as Python code', ['gtfobins:pdb'], {
    flags: { code: '-c -s -n', module: '-m' },
  }),
  interpreter(
    'perl',
    '-e and -E take code, -M, -I and -d load modules; with -n and -p a file name such as "id|" is a command',
    ['gtfobins:perl', 'man:perlrun(1)', 'man:perlop(1)'],
    {
      flags: { code: '-e -E -M -m -d', load: '-I', value: '-F -C -l -0 -x' },
      modes: { '-e': 'read*', '-E': 'read*' },
      forms: [
        { sample: 'id|', does: 'exec', says: 'with -n or -p a name that ends in "|" is a command' },
      ],
      protect: [{ variables: { PERL_USE_UNSAFE_INC: '0' } }],
    },
  ),
  interpreter(
    'php php-cgi phpdbg',
    '-r, -B, -R and -E take code, -d and -c change settings that load files',
    ['gtfobins:php', 'man:php(1)'],
    {
      flags: {
        code: '-r --run -B --process-begin -R --process-code -E --process-end',
        script: '-f --file -F --process-file',
        load: '-z --zend-extension -c --php-ini -t --docroot',
        setting: '-d --define',
        destination: '-S --server',
      },
      modes: { '-r': 'data*', '-f': 'data*' },
    },
  ),
  interpreter(
    'python pypy python-dbg pythonw micropython ipython bpython',
    '-c takes code, -m runs a module, and it imports modules from the folder it stands in',
    [
      'gtfobins:python',
      'https://docs.python.org/3/using/cmdline.html',
      'https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH',
    ],
    {
      flags: { code: '-c', module: '-m', value: '-W -X -Q --check-hash-based-pycs' },
      modes: { '-c': 'data*', '-m': 'data*' },
      stops: '-c -m',
      protect: [
        { variables: { PYTHONNOUSERSITE: '1' } },
        { when: 'no-script', variables: { PYTHONSAFEPATH: '1' } },
      ],
    },
  ),
  interpreter(
    'ruby jruby truffleruby',
    '-e takes code, -r and -I load files; a file name such as "|id" is a command for -n and -p',
    ['gtfobins:ruby', 'man:ruby(1)'],
    {
      flags: { code: '-e', load: '-r -I -S', value: '-E -K -W -x -C' },
      modes: { '-e': 'read*' },
      forms: [{ sample: '|id', does: 'exec', says: 'a name that begins with "|" is a command' }],
    },
  ),
  interpreter('slsh', '-e takes code', ['gtfobins:slsh'], { flags: { code: '-e', load: '-l -i' } }),
  interpreter('tclsh wish', 'its first operand is a script', ['gtfobins:tclsh', 'gtfobins:wish'], {
    flags: { value: '-encoding' },
  }),
  interpreter(
    'tsx ts-node ts-node-esm',
    'its first operand is a script, -e takes code, and tsconfig.json decides how it is read',
    ['https://typestrong.org/ts-node/docs/options'],
    {
      flags: {
        code: '-e --eval -p --print',
        load: '-r --require --import -P --project --tsconfig -C --compiler',
      },
      modes: { '-e': 'data*', '--eval': 'data*' },
    },
  ),
];
