/** Package managers: they run what packages and projects bring. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

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

export const packages: readonly Program[] = [
  manager(
    'apt apt-get aptitude apt-cache apt-mark nala',
    '-o sets hooks that run commands, and packages run scripts',
    ['gtfobins:apt', 'gtfobins:apt-get', 'man:apt.conf(5)'],
    {
      flags: {
        setting: '-o --option',
        load: '-c --config-file',
        value: '-t --target-release -a --host-architecture',
      },
    },
  ),
  manager(
    'brew snap flatpak nix nix-shell nix-env nix-build guix',
    '--command, -E and --run take code, and packages run scripts',
    ['gtfobins:snap', 'https://nix.dev/manual/nix/2.18/command-ref/nix-shell'],
    {
      flags: {
        code: '--run --command -c -E --expr --arg',
        load: '-f --file -I --include',
        setting: '--option',
      },
    },
  ),
  manager(
    'bundle bundler',
    'exec starts programs, and a Gemfile is Ruby code',
    ['gtfobins:bundle', 'gtfobins:bundler', 'https://bundler.io/man/bundle-config.1.html'],
    {
      runs: 'the Gemfile',
      flags: { load: '--gemfile -r', value: '--path' },
      subcommands: {
        exec: { operands: 'program', runs: 'the Gemfile' },
        'open console': { operands: 'program' },
      },
      protect: [{ variables: { BUNDLE_IGNORE_CONFIG: '1' } }],
    },
  ),
  manager(
    'cargo',
    'build scripts, tests, aliases, runners and .cargo/config.toml run programs',
    [
      'https://doc.rust-lang.org/cargo/reference/config.html',
      'https://doc.rust-lang.org/cargo/reference/build-scripts.html',
    ],
    {
      flags: {
        setting: '--config -Z',
        load: '--manifest-path -C',
        write: '--target-dir --artifact-dir --out-dir',
        value:
          '-p --package --bin --example --test --bench --features -F --target -j --jobs --profile --message-format --color',
      },
      subcommands: {
        'build b check c test t run r bench doc d clippy rustc rustdoc package publish install fix nextest':
          { operands: 'data*', runs: 'build.rs, the tests and .cargo/config.toml' },
        'tree metadata fmt search version locate-project verify-project pkgid read-manifest': {
          operands: 'data*',
        },
        'add remove rm update generate-lockfile fetch vendor new init clean': { operands: 'data*' },
      },
      protect: [
        {
          variables: {
            RUSTC_WRAPPER: '',
            RUSTC_WORKSPACE_WRAPPER: '',
            CARGO_NET_GIT_FETCH_WITH_CLI: 'false',
          },
        },
      ],
    },
  ),
  manager(
    'composer',
    'scripts and plugins of composer.json run',
    ['gtfobins:composer', 'https://getcomposer.org/doc/articles/scripts.md'],
    {
      runs: 'composer.json',
      flags: { load: '-d --working-dir' },
      protect: [{ variables: { COMPOSER_NO_INTERACTION: '1' } }],
    },
  ),
  manager(
    'conda mamba micromamba poetry pdm uv uvx pipx hatch rye tox nox pipenv',
    'run and tool start programs, and projects bring build back ends',
    ['https://docs.astral.sh/uv/reference/cli/'],
    {
      runs: 'pyproject.toml and its build back end',
      flags: {
        load: '--config-file --project --directory -c --config -C',
        destination: '--index-url -i --extra-index-url --default-index --index',
        value: '-n --name -p --python',
      },
      subcommands: {
        'run tool shell': { operands: 'program', runs: 'the project' },
        'config self': { operands: 'setting*' },
      },
      protect: [{ variables: { PYTHONNOUSERSITE: '1' } }],
    },
  ),
  manager(
    'dnf yum microdnf zypper apk pacman opkg pkg emerge xbps-install',
    'plugins, hooks and packages run scripts',
    ['gtfobins:dnf', 'gtfobins:yum', 'gtfobins:zypper', 'gtfobins:opkg'],
    {
      flags: {
        setting: '--setopt',
        load: '-c --config --root --installroot --hookdir --dbpath -r',
      },
    },
  ),
  manager(
    'dpkg rpm rpmbuild rpmdb rpmquery rpmverify alien dpkg-deb',
    '--pre-invoke, --eval and --pipe run commands, and packages run scripts',
    ['gtfobins:dpkg', 'gtfobins:rpm', 'gtfobins:rpmdb', 'man:dpkg(1)'],
    {
      operands: 'load*',
      flags: {
        code: '--pre-invoke --post-invoke --status-logger --eval --pipe -E',
        load: '--root --admindir --rcfile --macros --load --dbpath --define -D',
      },
    },
  ),
  manager(
    'easy_install pip pip-compile pip-sync',
    'setup.py runs when a package is built, and -i, -f and --config-settings reach elsewhere',
    [
      'gtfobins:pip',
      'gtfobins:easy_install',
      'https://pip.pypa.io/en/stable/topics/configuration/',
    ],
    {
      flags: {
        load: '-r --requirement -c --constraint -e --editable --config-settings -C --python --cache-dir',
        destination: '-i --index-url --extra-index-url -f --find-links --proxy --trusted-host',
        write: '-t --target --prefix --root -d --dest -w --wheel-dir --log --report --src',
        value: '--timeout --retries --format',
      },
      subcommands: {
        'install download wheel': {
          operands: 'load*',
          runs: 'setup.py and the build back end of what it installs',
        },
        'list show freeze check inspect hash cache debug index search': { operands: 'data*' },
        config: { operands: 'setting*', flags: { program: '--editor' } },
        uninstall: { operands: 'data*' },
      },
      protect: [
        {
          variables: {
            PIP_CONFIG_FILE: '/dev/null',
            PIP_NO_INPUT: '1',
            PIP_DISABLE_PIP_VERSION_CHECK: '1',
            PYTHONNOUSERSITE: '1',
          },
        },
      ],
      safe: 'run: [/usr/bin/pip, install, --require-hashes, "--only-binary=:all:", -r, requirements.txt] with approvals and inputs: [requirements.txt]',
    },
  ),
  manager(
    'gem cpan cpanm luarocks opam cabal stack',
    'it starts editors and shells, and packages run code when they are installed',
    ['gtfobins:gem', 'gtfobins:cpan', 'gtfobins:cabal'],
    {
      flags: { code: '-e', load: '--config-file -C --rcfile', program: '-e' },
      subcommands: { 'open exec console': { operands: 'program' } },
    },
  ),
  manager(
    'go',
    'run, generate, test and -toolexec run programs, and go.mod can name another toolchain',
    ['https://pkg.go.dev/cmd/go', 'https://go.dev/doc/toolchain'],
    {
      style: 'words',
      flags: {
        program: '-toolexec -exec -vettool',
        load: '-C -overlay -modfile',
        setting: '-ldflags -gcflags -asmflags',
        write: '-o -coverprofile -cpuprofile -outputdir -pkgdir',
        value: '-run -count -timeout -p -tags -mod -bench',
      },
      subcommands: {
        'run test generate build install vet tool': {
          operands: 'data*',
          runs: 'the Go code and go:generate lines',
        },
        env: { operands: 'setting*', flags: { setting: '-w' } },
        'list version fmt doc mod work get clean': { operands: 'data*' },
      },
      protect: [{ variables: { GOTOOLCHAIN: 'local', GOENV: 'off', GOFLAGS: '' } }],
    },
  ),
];
