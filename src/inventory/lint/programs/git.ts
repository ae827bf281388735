/** git: what its subcommands do with their arguments, and what a repository can plant. In: its manual. Out: one record; never code. */
import type { Program } from '../program-record.ts';

/**
 * Configuration of a repository names programs. These values stand over whatever .git/config says, as `git -c` would.
 * What has a free name in its key (filter.*, diff.*.textconv, merge.*.driver, remote.*.uploadpack) cannot be overridden:
 * that stays for the sandbox, and for the flags under `wants`.
 */
const settings: readonly (readonly [string, string])[] = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.pager', 'cat'],
  ['core.editor', 'true'],
  ['core.attributesFile', '/dev/null'],
  ['core.sshCommand', 'ssh'],
  ['credential.helper', ''],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['log.showSignature', 'false'],
  ['merge.verifySignatures', 'false'],
  ['gpg.program', 'false'],
  ['gpg.ssh.program', 'false'],
  ['gpg.x509.program', 'false'],
  ['interactive.diffFilter', 'cat'],
  ['protocol.ext.allow', 'never'],
  ['safe.bareRepository', 'explicit'],
  // Commands run as a user of their own, whom git would refuse every repository of another owner.
  ['safe.directory', '*'],
  ['sequence.editor', 'true'],
  ['submodule.recurse', 'false'],
];

const output = '--output --output-directory -o';
const remotes = {
  program: '--upload-pack --receive-pack --exec -u',
  setting: '-o --push-option --server-option',
  value: '--depth --shallow-since -j --jobs --refmap',
};
const remote = [
  {
    sample: 'ext::x',
    role: 'destination' as const,
    does: 'exec' as const,
    says: 'a remote of the form ext::… is a command',
  },
];

export const git: readonly Program[] = [
  {
    names: 'git git-cli hub',
    can: 'exec load write network',
    why: '-c and config set aliases, pagers and hooks that run commands, --exec-path loads other programs, and --output writes files',
    operands: 'subcommand data*',
    ends: '--end-of-options',
    flags: {
      setting: '-c --config-env',
      load: '--exec-path --git-dir --work-tree --template',
      read: '-C',
      value: '--namespace --super-prefix --attr-source --list-cmds',
    },
    subcommands: {
      'log show shortlog whatchanged reflog format-patch range-diff': {
        operands: 'data*',
        flags: {
          write: output,
          value:
            '-n -S -G -L --author --grep --since --until --after --before --format --pretty --date --skip --max-count --committer',
        },
      },
      diff: {
        operands: 'data*',
        flags: { write: output, value: '-S -G -O -U' },
        wants: '--no-ext-diff --no-textconv',
      },
      'diff-tree diff-index diff-files': { operands: 'data*', flags: { write: output } },
      'blame annotate': {
        operands: 'data*',
        flags: { read: '--contents --ignore-revs-file -S', value: '-L' },
        wants: '--no-textconv',
      },
      grep: {
        operands: 'data*',
        flags: {
          program: '-O --open-files-in-pager',
          read: '-f',
          value: '-e -A -B -C -m --max-depth',
        },
      },
      'clone fetch pull push ls-remote fetch-pack send-pack': {
        operands: 'destination*',
        flags: { ...remotes, load: '--template --reference --bundle-uri' },
      },
      archive: {
        operands: 'data*',
        flags: {
          program: '--exec',
          write: '-o --output',
          destination: '--remote',
          value: '--format --prefix --add-file',
        },
      },
      'config alias': {
        operands: 'setting*',
        flags: { write: '-f --file', setting: '--add --replace-all --default' },
      },
      'difftool mergetool': {
        operands: 'data*',
        flags: { code: '-x --extcmd', program: '-t --tool --gui' },
      },
      bisect: { operands: 'data program' },
      'submodule svn p4': { operands: 'data code*' },
      'worktree bundle lfs subtree': { operands: 'data data*' },
      remote: { operands: 'data data destination' },
      'filter-branch filter-repo': {
        operands: 'data*',
        flags: {
          code: '--tree-filter --index-filter --msg-filter --env-filter --commit-filter --parent-filter --tag-name-filter --setup --message-callback --filename-callback --refname-callback --blob-callback --commit-callback',
        },
      },
      rebase: { operands: 'data*', flags: { code: '-x --exec', value: '--onto -s --strategy -X' } },
      'commit tag notes merge revert cherry-pick am': {
        operands: 'data*',
        flags: {
          read: '-F --file -t --template --pathspec-from-file',
          value: '-m --message --author --date -C -c --fixup -s -X --trailer',
          program: '-S --gpg-sign -u --local-user',
        },
      },
      'init init-db': {
        operands: 'write',
        flags: {
          load: '--template --separate-git-dir',
          value: '-b --initial-branch --object-format',
        },
      },
      'daemon shell upload-pack receive-pack upload-archive http-backend instaweb credential send-email imap-send':
        { operands: 'code*' },
      'apply checkout switch restore reset rm mv clean stash': {
        operands: 'data*',
        flags: { read: '--pathspec-from-file', value: '-s --source -b -B --directory -p' },
      },
      'help web--browse': { operands: 'data*', flags: { program: '-b --browser -t --tool' } },
      'add status ls-files ls-tree cat-file rev-parse rev-list describe branch show-ref for-each-ref merge-base name-rev count-objects check-ignore check-attr var version fsck gc':
        { operands: 'data*', flags: { read: '--pathspec-from-file', value: '--format --sort' } },
    },
    forms: remote,
    protect: [
      {
        variables: {
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          GIT_ATTR_NOSYSTEM: '1',
          GIT_TERMINAL_PROMPT: '0',
          GIT_ASKPASS: '',
          GIT_PAGER: 'cat',
          PAGER: 'cat',
          GIT_EDITOR: 'true',
          GIT_SEQUENCE_EDITOR: 'true',
          ...asVariables(settings),
        },
      },
      { when: 'read-only', variables: { GIT_OPTIONAL_LOCKS: '0' } },
    ],
    safe: 'run: [/usr/bin/git, log, --max-count=20, --end-of-options, "{revision}", --, "{path}"]',
    sources: [
      'gtfobins:git',
      'man:git(1)',
      'man:git-config(1)',
      'advisory:GHSA-74hp-mggr-hv58',
      'advisory:CVE-2017-1000117',
      'advisory:CVE-2022-24765',
      'advisory:CVE-2022-39253',
      'https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository',
      'https://github.com/cyanheads/git-mcp-server/issues/53',
    ],
  },
];

function asVariables(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(pairs.length) };
  pairs.forEach(([key, value], index) => {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return variables;
}
