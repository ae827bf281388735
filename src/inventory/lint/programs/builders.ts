/** Compilers, builders, test runners and debuggers: what they read decides what runs. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const builder = (
  names: string,
  runs: string,
  why: string,
  sources: readonly string[],
  more: Partial<Program> = {},
): Program => ({
  names,
  can: 'exec load write',
  why,
  runs,
  operands: 'data*',
  safe: `run: [/usr/bin/${names.split(' ')[0]}, fixed-target] with approvals and inputs: [the files that it runs]`,
  sources,
  ...more,
});

export const builders: readonly Program[] = [
  builder(
    'ansible ansible-playbook ansible-test ansible-galaxy ansible-console',
    'playbooks and ansible.cfg',
    'a playbook, -m, -a and -e run commands',
    [
      'gtfobins:ansible-playbook',
      'gtfobins:ansible-test',
      'https://docs.ansible.com/ansible/latest/reference_appendices/config.html',
    ],
    {
      can: 'exec load write network',
      operands: 'script*',
      flags: {
        load: '-i --inventory -M --module-path --vault-password-file --become-password-file',
        code: '-a --args -e --extra-vars --ssh-common-args --ssh-extra-args',
        module: '-m --module-name',
        value: '-l --limit -t --tags -u --user -f --forks',
      },
      protect: [{ variables: { ANSIBLE_CONFIG: '/dev/null' } }],
    },
  ),
  builder(
    'as cobc g++ c++ gcc cc c89 c99 cpp clang clang++ tcc gfortran ld gold lld rustc swiftc nvcc dmd ldc2 gccgo gnat',
    '',
    '-wrapper, -B, -fplugin and -specs run programs or load libraries, -o writes, and @file holds more arguments',
    ['gtfobins:gcc', 'gtfobins:c89', 'gtfobins:c99', 'gtfobins:as', 'gtfobins:cobc', 'man:gcc(1)'],
    {
      runs: undefined,
      style: 'words',
      operands: 'read*',
      flags: {
        program: '-wrapper --ld-path -fuse-ld -C',
        load: '-B -fplugin -specs --specs -T -plugin -I -include --plugin -Xclang -load',
        write: '-o -MF -dumpdir --output',
        value: '-x -std -D -U -O -l',
      },
      forms: [
        { sample: '@x', does: 'load', says: 'a name behind "@" is a file of further arguments' },
      ],
      safe: 'run: [/usr/bin/gcc, -fsyntax-only, --, "{path}"]',
    },
  ),
  builder(
    'cmake ctest cpack ccmake',
    'CMakeLists.txt',
    '-P runs a script, -E starts programs, and -D sets compilers',
    ['https://cmake.org/cmake/help/latest/manual/cmake.1.html'],
    {
      flags: {
        script: '-P -S --script -C',
        setting: '-D',
        program: '-G -E',
        write: '-B',
        load: '--toolchain --preset --build',
        value: '-j --target -t -R -L',
      },
    },
  ),
  builder(
    'configure autoreconf autoconf automake aclocal libtoolize',
    'configure and its macros',
    'it is a script of the project',
    ['https://www.gnu.org/software/autoconf/manual/'],
    { operands: 'setting*' },
  ),
  builder(
    'dotnet msbuild nuget mono csi fsi',
    'the project file',
    'run, exec and msbuild run code, and @file holds more arguments',
    ['gtfobins:dotnet', 'https://learn.microsoft.com/visualstudio/msbuild/msbuild-response-files'],
    {
      can: 'exec load write network',
      operands: 'subcommand data*',
      flags: {
        load: '--configfile --depsfile --runtimeconfig --additionalprobingpath -s',
        setting: '-p --property',
        write: '-o --output',
      },
      forms: [
        { sample: '@x', does: 'load', says: 'a name behind "@" is a file of further arguments' },
      ],
    },
  ),
  builder(
    'eslint prettier stylelint jest vitest mocha ava webpack vite rollup esbuild tsc babel karma cypress playwright gulp grunt nx turbo lerna',
    'its configuration, which is code',
    '--config, --plugin and --require load code',
    ['https://eslint.org/docs/latest/use/configure/configuration-files'],
    {
      flags: {
        load: '-c --config --rulesdir --resolve-plugins-relative-to --plugin -r --require --import --globalSetup --setupFiles -p --project --parser -f --format --reporter --reporters',
        write: '-o --output-file --outDir --outfile --outdir --cache-location',
        program: '--runner',
        value: '--ext --max-warnings -t --testNamePattern',
      },
      operands: 'read*',
    },
  ),
  builder(
    'gdb gdbserver lldb rr crash scanmem gcore cgdb',
    '.gdbinit of the folder it stands in',
    '-ex, -x and "!" or shell run commands, and its operands are programs',
    ['gtfobins:gdb', 'gtfobins:crash', 'gtfobins:gcore', 'man:gdb(1)'],
    {
      operands: 'program',
      style: 'words',
      flags: {
        code: '-ex -iex -eval-command -o -O --eval-command',
        script: '-x -ix -command -s -S --command',
        load: '-d -se -symbols -iex',
        program: '--args',
        value: '-p -b',
      },
      stdin: 'code',
      safe: 'run: [/usr/bin/gdb, -batch, -nx, -ex, bt, /opt/bin/app, "{core}"]',
    },
  ),
  builder(
    'gradle gradlew mvn mvnw ant sbt bazel buck buck2 bloop kobalt',
    'build scripts, wrappers and extensions of the project',
    '-I, -f, -D and tasks run code',
    [
      'https://docs.gradle.org/current/userguide/init_scripts.html',
      'https://maven.apache.org/guides/mini/guide-using-extensions.html',
    ],
    {
      can: 'exec load write network',
      flags: {
        load: '-I --init-script -b --build-file -c --settings-file -f --file -s --settings -gs -t --toolchains --bazelrc --project-dir -p',
        setting: '-D --define -P --project-prop --config --action_env',
        program: '--run_under',
      },
    },
  ),
  builder(
    'just task rake thor capistrano cap pre-commit lefthook husky tasksh',
    'the tasks of the project',
    '-f names other tasks, -c and --shell run commands',
    ['gtfobins:rake', 'gtfobins:task', 'gtfobins:tasksh', 'https://just.systems/man/en/'],
    {
      flags: {
        program: '--shell --chooser',
        code: '-c --command --shell-command -e --execute -E --execute-continue -p --execute-print',
        load: '-f --justfile --taskfile -t --rakefile --require -r -I --libdir -R --config --working-directory -d',
        setting: '--set',
        value: '-j',
      },
      forms: [{ sample: 'x=y', does: 'exec', says: 'NAME=value changes what the tasks run' }],
    },
  ),
  builder(
    'make gmake bmake remake mk',
    'the Makefile',
    '--eval and -f take Makefiles, and NAME=value changes what the rules run',
    [
      'gtfobins:make',
      'man:make(1)',
      'https://www.gnu.org/software/make/manual/html_node/Overriding.html',
    ],
    {
      flags: {
        code: '-E --eval',
        script: '-f --file --makefile',
        load: '-I --include-dir -C --directory',
        write: '-o -W',
        value: '-j --jobs -l --load-average',
      },
      forms: [
        {
          sample: 'SHELL=x',
          does: 'exec',
          says: 'NAME=value changes what the rules run, SHELL among them',
        },
      ],
    },
  ),
  builder(
    'meson ninja scons waf tup samu',
    'the build files',
    'build files run commands',
    ['https://ninja-build.org/manual.html'],
    {
      flags: {
        script: '-f --file',
        load: '-C --native-file --cross-file',
        setting: '-D',
        value: '-j -k -l -t',
      },
    },
  ),
  builder(
    'phpunit phpstan psalm artisan rector',
    'its configuration, which is code',
    '--bootstrap and -c load code',
    ['https://docs.phpunit.de/en/11.0/textui.html'],
    {
      flags: {
        load: '--bootstrap -c --configuration --extension --autoload-file -a',
        write: '--log-junit --coverage-html --cache-directory',
      },
      operands: 'script*',
    },
  ),
  builder(
    'pytest py.test nosetests mypy pylint ruff flake8 black isort sphinx-build mkdocs',
    'conftest.py, plugins and configuration of the project',
    '-p, -c and --rootdir load code',
    ['https://docs.pytest.org/en/stable/reference/reference.html'],
    {
      flags: {
        load: '-p -c --config --confcutdir --rootdir --config-file --rcfile --load-plugins --custom-typeshed-dir -o --override-ini',
        write: '--junitxml --junit-xml --basetemp --output-file --cache-dir --report-log',
        code: '--init-hook',
        value: '-k -m -n --maxfail --tb --durations',
      },
      operands: 'read*',
      protect: [{ variables: { PYTHONNOUSERSITE: '1' } }],
    },
  ),
  builder(
    'rails rackup puma sidekiq django-admin flask uvicorn gunicorn celery',
    'the application',
    'runner, console and -c run code',
    ['https://guides.rubyonrails.org/command_line.html'],
    {
      can: 'exec load write network',
      operands: 'subcommand code*',
      flags: { load: '-c --config -r --require -C --settings --pythonpath --app -A', code: '-e' },
    },
  ),
  builder(
    'rspec cucumber minitest',
    '.rspec and spec_helper.rb',
    '-r, -I and -O load code',
    ['https://rspec.info/features/3-12/rspec-core/command-line/'],
    {
      flags: {
        load: '-r --require -I -O --options --default-path -f --format',
        write: '-o --out --drb',
      },
      operands: 'script*',
    },
  ),
  builder(
    'terraform tofu terragrunt pulumi packer vagrant cdk serverless sls',
    'its configuration, with providers and provisioners',
    'plans start providers, -chdir, -var-file and -backend-config load more',
    [
      'gtfobins:terraform',
      'gtfobins:vagrant',
      'https://developer.hashicorp.com/terraform/cli/config/config-file',
    ],
    {
      can: 'exec load write network',
      operands: 'subcommand data*',
      style: 'words',
      flags: {
        load: '-chdir -var-file -backend-config -plugin-dir -from-module --cwd -C',
        write: '-out -state -state-out -backup',
        setting: '-var',
        value: '-target -parallelism -lock-timeout',
      },
      protect: [{ variables: { TF_INPUT: '0', CHECKPOINT_DISABLE: '1' } }],
    },
  ),
];
