/** What a caller may put where: argv template | verdict | why. Each line stands for a class. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../../../../src/core/diagnostic.ts';
import { lintRules } from '../../../../src/inventory/lint/rules.ts';
import { house } from '../house.ts';
import { findings, loadLine } from './table.ts';

const runs = 'wrapper-with-free-arguments';
const flags = 'free-flags';
const code = 'code-from-caller';
const planted = 'code-from-workspace';
const special = 'special-argument';
const bounded = 'code-with-parameter';
const end = 'missing-end-of-options';

const tables: Readonly<Record<string, readonly (readonly [string, string | null, string])[]>> = {
  'programs that start other programs': [
    ['env, { spread: many }', runs, 'the first element is the program'],
    ['env, A=b, { spread: many }', runs, 'a variable is no program'],
    ['env, -u, HOME, { spread: many }', runs, 'nor is the value of a flag'],
    ['env, -S, "{free}"', code, 'one text becomes a whole command'],
    ['env, "PATH={path}", /usr/bin/ls', 'loads-from-workspace', 'a variable that chooses programs'],
    ['env, "LEVEL={free}", /usr/bin/ls', null, 'any other variable'],
    ['env, /usr/bin/ls, { spread: kinds }', null, 'a fixed program and a fixed choice'],
    ['env, /usr/bin/ls, { spread: many }', end, 'a harmless program with free arguments'],
    ['env, /usr/bin/unknown, { spread: many }', end, 'nobody knows the program'],
    ['env, sh, -c, "{free}"', code, 'a shell behind it'],
    ['env, "{shell}", -c, "{free}"', code, 'a shell among those of an enum'],
    ['env, "{word}"', runs, 'a pattern that takes "sh"'],
    ['env, "{pick}"', null, 'an enum'],
    ['env, "{path}"', planted, 'a program in the workspace'],
    ['env, "{word}={free}", /usr/bin/ls', runs, 'a variable of any name'],
    ['env, "/opt/bin/{word}"', null, 'a choice within a fixed folder'],
    ['env, "/usr/bin/{word}"', runs, 'a folder where a shell lies'],
    ['env, ./run.sh', planted, 'the same, fixed'],
    ['env, /workspace/.reeve/run.sh', null, 'which commands see read-only'],
    ['flock, /tmp/lock, { spread: many }', runs, 'the lock is no program'],
    ['flock, -c, "{free}"', code, 'a shell command'],
    ['timeout, "{n}", /usr/bin/ls', null, 'a number is no program'],
    ['timeout, -k, "5", "10", "{free}"', runs, 'after two times'],
    ['timeout, "5", python3, -c, "{free}"', code, 'two programs deep'],
    ['nice, -n, "5", "{free}"', runs, 'after the value of a flag'],
    ['xargs, { spread: many }', runs, 'an old acquaintance'],
    ['sudo, -u, nobody, "{free}"', runs, 'after the value of a flag'],
    ['busybox, "{free}"', runs, 'its applets'],
    ['busybox, sh, -c, "{free}"', code, 'one of them is a shell'],
    ['busybox, wc, -l, --, "{path}"', null, 'one of them is wc'],
    ['watch, "{free}"', code, 'its operands go to a shell'],
    ['nohup, "{free}"', runs, 'a program by name'],
    ['setsid, { spread: words }', runs, 'a pattern that takes "sh"'],
    ['ld-linux-x86-64.so.2, "{path}"', planted, 'the loader starts programs, too'],
    ['find, /workspace, -exec, sh, -c, "{free}", ;', code, 'a program behind a flag'],
    ['find, /workspace, -exec, "{free}", ;', runs, 'the same, by name'],
    [
      'find, /workspace, -exec, wc, -l, "{{}}", ;, -name, "{free}"',
      null,
      'a fixed one, and a value after it',
    ],
  ],
  'shells and interpreters': [
    ['sh, -c, "echo {free}"', code, 'text in code'],
    ['sh, -c, "cat {path}"', code, 'a file name in code'],
    ['sh, -c, "{word}"', code, 'a word that is all of the code'],
    ['sh, -c, "echo {word}"', bounded, 'a word in it'],
    ['sh, -c, "{any}"', code, 'a pattern that takes all'],
    ['bash, -ec, "echo {version}"', bounded, 'a pattern narrows it'],
    ['bash, -c, "echo {pick}"', null, 'an enum is the author’s own text'],
    ['bash, -c, "echo \\"$1\\"", --, "{free}"', null, 'an argument of its own'],
    ['sh, -c, "exit 1"', null, 'fixed code'],
    ['bash, "{free}"', runs, 'a script by name'],
    ['bash, "{path}"', planted, 'a script of the workspace'],
    ['bash, run.sh', planted, 'the same, fixed'],
    ['bash, /opt/scripts/run.sh, { spread: many }', end, 'a script elsewhere'],
    ['bash, "/opt/scripts/{name}"', null, 'a name that cannot leave a fixed folder'],
    ['bash, "/opt/scripts/{free}"', runs, 'one that can'],
    ['bash, --rcfile, "{path}", -i', 'loads-from-workspace', 'a file that it loads'],
    ['python3, -c, "{free}"', code, 'code'],
    ['python3, { spread: many }', runs, 'free arguments'],
    ['python3, -m, "{free}"', runs, 'a module'],
    ['python3, -m, "{word}"', runs, 'a pattern that takes "pip"'],
    ['python3, -m, json.tool, "{path}"', null, 'a fixed module'],
    ['python3, -m, pip, install, "{free}"', runs, 'a module that is a program'],
    ['python3, -W, ignore, "{path}"', planted, 'a script after the value of a flag'],
    ['python3, tool.py', planted, 'a script that lies where commands write'],
    ['python3, /opt/tools/tool.py, "{free}"', null, 'one that does not'],
    ['node, --require, "{path}", /opt/a.js', 'loads-from-workspace', 'a module that it loads'],
    ['node, -p, "{free}"', code, 'code that is printed'],
    ['perl, -e, "print {n}"', bounded, 'a number in code'],
    ['perl, -ne, "print", "{free}"', special, 'a name such as "id|"'],
    ['perl, -ne, "print", "{path}"', null, 'a path is none'],
    ['ruby, -e, "{free}"', code, 'code'],
    ['awk, "{free}", f', code, 'its first operand is code'],
    ['awk, -F, ":", "{free}"', code, 'after the value of a flag'],
    ['awk, -f, "{path}"', planted, 'a program file'],
    ['awk, "{{ print $1 }}", "{path}"', null, 'fixed code on a path'],
    ['sed, -e, "s/a/{free}/"', code, 'sed runs programs, too'],
    ['sed, -n, 1p, --, "{path}"', null, 'fixed code on a path'],
    ['sed, "{free}", f', code, 'its first operand is code'],
    ['sqlite3, "{path}", "{free}"', code, '.shell'],
    ['sqlite3, "{path}", "SELECT 1"', null, 'fixed'],
    ['java, -jar, "{path}"', planted, 'a program in a jar'],
    ['java, -jar, /opt/a.jar, "{free}"', special, 'more arguments in a file: @file'],
    ['vim, "{free}"', special, '+!command'],
    ['gdb, "{path}"', planted, 'its operand is a program'],
    ['jq, "{free}", "{path}"', null, 'jq only reads'],
  ],
  'flags and operands that run, load or write': [
    ['find, /workspace, { spread: many }', flags, 'find has -exec'],
    ['find, /workspace, { spread: words }', null, 'words that are no flags'],
    ['find, /workspace, -name, "{free}"', null, 'one value behind a fixed flag'],
    ['find, { spread: paths }', null, 'paths'],
    ['git, { spread: many }', runs, 'git has -c alias'],
    ['git, "{free}"', runs, 'a subcommand by name'],
    ['git, "{word}"', runs, 'a pattern that takes "config"'],
    ['git, "{sub}"', null, 'an enum'],
    ['git, -C, sub, "{free}"', runs, 'after the value of a flag'],
    ['git, "{sub}", "{free}"', flags, 'config among an enum sets what runs'],
    ['git, log, -c, -n, "1"', null, 'fixed; -c is no setting here'],
    ['git, log, "{free}"', end, 'one value that begins with no dash'],
    ['git, log, --end-of-options, "{free}"', null, 'and cannot be a flag at all'],
    ['git, log, "{version}"', null, 'a pattern'],
    ['git, log, "{dash}"', flags, 'a value that may be a flag'],
    ['git, diff, { spread: many }, --no-ext-diff, --no-textconv', flags, '--output writes'],
    ['git, diff, --no-index, { spread: many }, --no-ext-diff, --no-textconv', flags, 'and reads'],
    ['git, diff, -- , "{path}"', 'planted-configuration', 'diff.external of a repository'],
    ['git, add, --, { spread: many }', null, 'behind --'],
    ['git, config, "{free}", x', flags, 'a setting by name'],
    ['git, -c, "{free}", status', flags, 'a setting'],
    ['git, "-cuser.name={free}", status', null, 'the value of a fixed setting'],
    ['git, grep, "-O{free}", x', runs, 'a pager glued to its flag'],
    ['git, grep, "--open-files-in-p={free}", x', runs, 'a flag cut short'],
    ['git, clone, --, "{free}"', special, 'ext::command'],
    ['git, rebase, --exec, "{free}"', code, 'a command behind a flag'],
    ['git, submodule, foreach, "{free}"', code, 'a command as an operand'],
    ['git, bisect, run, "{free}"', runs, 'a program as an operand'],
    ['tar, -xf, "{free}"', special, 'a host may stand before a colon'],
    ['tar, -xf, "{path}"', null, 'a path'],
    ['tar, -xf, a.tar, { spread: many }', flags, 'tar runs programs by option'],
    ['tar, "{free}"', flags, 'options without a dash'],
    ['tar, -cf, a.tar, -I, "{free}", x', runs, 'a program behind a flag'],
    ['tar, -cf, a.tar, "--use-compress-program={word}", x', runs, 'glued'],
    ['tar, --create, --file, "{path}", --, { spread: paths }', null, 'the safe form'],
    ['sort, { spread: many }', flags, '-o writes'],
    ['sort, "-o{free}", x', 'free-output', 'a file that is written, glued'],
    ['sort, "-ro{free}", x', 'free-output', 'the same, in a cluster'],
    ['sort, "-o{path}", x', null, 'a path'],
    ['sort, --numeric-sort, --, { spread: paths }', null, 'the safe form'],
    ['sort, --, { spread: many }', null, 'names behind --'],
    ['rsync, { spread: many }', flags, '-e runs programs'],
    ['rsync, -e, "{free}", a, b', code, 'a command'],
    ['curl, -s, { spread: many }', flags, '-o writes'],
    ['curl, -K, "{path}"', 'loads-from-workspace', 'more options in a file'],
    ['dig, { spread: many }', flags, '@server'],
    ['fdfind, { spread: many }', flags, '-x'],
    ['rg, "--pre={path}", x', planted, 'a program for each file'],
    ['kubectl, get, pods, { spread: many }', flags, '--server'],
    ['journalctl, { spread: many }', flags, '--directory'],
    ['ssh, "{free}"', end, 'a host; there is no network to reach it'],
    ['ssh, host.internal, "{free}"', code, 'a command over there'],
    ['ssh, -o, "{free}", host.internal', flags, 'ProxyCommand'],
    ['docker, run, "{free}"', runs, 'an image runs'],
    ['dd, "if={path}", "of={free}"', null, 'fixed keys'],
    ['dd, { spread: many }', flags, 'any key'],
    ['less, "{free}"', special, '+!command'],
    ['man, -P, "{free}", ls', runs, 'a pager'],
    ['npm, "{free}"', runs, 'a subcommand by name'],
    ['npm, exec, "{free}"', runs, 'a package that runs'],
    ['npm, install, "{free}"', runs, 'a package with scripts'],
    ['npm, run, build', 'runs-workspace-code', 'what package.json says'],
    ['npm, ls, --json', null, 'a question'],
    ['make, "{word}"', 'runs-workspace-code', 'a target'],
    ['make, "{free}"', special, 'SHELL=…'],
    ['make, "CC={free}"', code, 'a variable of the rules'],
    ['make, "{word}={free}"', special, 'any variable'],
    ['make, "VERSION={version}"', bounded, 'a bounded one'],
    ['make, build', 'runs-workspace-code', 'what the Makefile says'],
    ['make, --version', null, 'a question'],
    ['cargo, build', 'runs-workspace-code', 'build.rs'],
    ['cargo, metadata', null, 'a question'],
    ['gcc, "{free}"', special, '@file'],
    ['gcc, -fsyntax-only, --, "{path}"', null, 'the safe form'],
    ['x86_64-linux-gnu-gcc-12, "{free}"', special, 'under its long name'],
    ['uniq, a, "{free}"', 'free-output', 'the second operand is written'],
    ['rm, --, { spread: many }', 'free-output', 'names that are removed'],
    ['rm, --, { spread: paths }', null, 'the safe form'],
  ],
  'what nobody could object to': [
    ['cat, "{path}"', null, 'a path is passed on as /workspace/…'],
    ['cat, --, "{path}"', null, 'behind --'],
    ['ls, -l, "{path}"', null, 'a path'],
    ['grep, -E, -e, "{free}", /workspace/log.txt', null, 'a value of a flag'],
    ['grep, "--regexp={free}", --, "{path}"', null, 'glued'],
    ['echo, "{free}"', null, 'text'],
    ['echo, "{free}", "{word}"', null, 'two of them'],
    ['printf, x, --, { spread: many }', null, 'behind --'],
    ['printf, x, { spread: many }', end, 'nothing ends the options'],
    ['printf, "{dash}"', end, 'a value that may be an option'],
    ['printf, --, "{dash}"', null, 'behind --'],
    ['deploy, "{free}"', null, 'nobody knows it, and it is one argument'],
    ['deploy, { spread: many }', end, 'nobody knows it, and they may be options one day'],
    ['deploy, { flag: --force, when: on }, { option: --to, value: "{pick}" }', null, 'all kinds'],
  ],
};

for (const [title, table] of Object.entries(tables)) {
  test(title, (t) => {
    const at = house(t);
    const wrong: string[] = [];
    for (const [line, expected, why] of table) {
      const loaded = loadLine(at, line);
      const found = findings(loaded);
      const right =
        expected === null
          ? found.length === 0
          : found.includes(expected) && found.every((rule) => rule === expected || isWarning(rule));
      const all = loaded.ok ? loaded.warnings : loaded.diagnostics;
      if (!right)
        wrong.push(
          `${line} (${why}): expected ${expected}, found ${found.join(', ') || 'nothing'}\n${all.map(formatDiagnostic).join('\n')}`,
        );
      else if (loaded.ok !== !found.some((rule) => !isWarning(rule)))
        wrong.push(`${line}: ${loaded.ok}`);
    }
    assert.equal(wrong.join('\n\n'), '');
  });
}

function isWarning(rule: string): boolean {
  return (lintRules as Readonly<Record<string, string>>)[rule] === 'warning';
}
