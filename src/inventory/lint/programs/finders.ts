/** Finders, and what runs something on what it finds. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

export const finders: readonly Program[] = [
  {
    names: 'entr fswatch inotifywait watchexec watchman nodemon chokidar',
    can: 'exec',
    why: 'its operands are the program that it starts when a file changes',
    operands: 'program',
    operandStops: true,
    flags: { code: '-x --exec -s', load: '--config' },
    stdin: 'setting',
    safe: 'Declare the program itself.',
    sources: ['https://eradman.com/entrproject/entr.1.html'],
  },
  {
    names: 'fd fdfind',
    can: 'exec',
    why: '-x and -X run any program on what is found',
    flags: {
      command: '-x --exec -X --exec-batch',
      load: '--ignore-file',
      value:
        '-e --extension -t --type -d --max-depth -E --exclude -S --size -c --color -j --threads --base-directory --changed-within --changed-before -o --owner',
    },
    operands: 'data read*',
    safe: 'run: [/usr/bin/fdfind, --type, f, --, "{pattern}", "{folder}"]',
    sources: ['https://github.com/sharkdp/fd#command-execution', 'man:fd(1)'],
  },
  {
    names: 'find gfind bfs',
    can: 'exec write',
    why: '-exec, -execdir, -ok and -okdir run any program, -delete removes, and -fprint, -fprintf, -fls write files',
    style: 'words',
    ends: 'none',
    operands: 'read*',
    flags: {
      command: '-exec -execdir -ok -okdir',
      write: '-fprint -fprint0 -fls -fprintf',
      read: '-files0-from -newer -anewer -cnewer -samefile',
      value:
        '-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -lname -ilname -type -xtype -size -perm -user -group -uid -gid -mtime -mmin -atime -amin -ctime -cmin -maxdepth -mindepth -links -inum -fstype -used -printf -newermt -D -context',
    },
    safe: 'run: [/usr/bin/find, "{folder}", -maxdepth, "3", -name, "{glob}", -print]',
    sources: [
      'gtfobins:find',
      'man:find(1)',
      'advisory:GHSA-qp2m-x9hp-cj5p',
      'https://github.com/mofa-org/mofa/issues/1156',
    ],
  },
  {
    names: 'fzf peco',
    can: 'exec write',
    why: '--preview, --bind and $FZF_DEFAULT_COMMAND run commands',
    flags: {
      code: '--preview --bind --with-shell',
      write: '--history',
      value: '-q --query -f --filter -d -n --nth',
    },
    operands: 'data*',
    stdin: 'setting',
    safe: 'run: [/usr/bin/fzf, "--filter={text}"]',
    sources: ['https://github.com/junegunn/fzf/blob/master/man/man1/fzf.1'],
  },
  {
    names: 'ripgrep rg rga ugrep',
    can: 'exec load',
    why: '--pre and --hostname-bin run a program for each file, --search-zip runs decompressors, and $RIPGREP_CONFIG_PATH names further flags',
    flags: {
      program: '--pre --hostname-bin --filter --pager',
      load: '--ignore-file -f --file --save-config --config',
      value:
        '-e --regexp -g --glob --iglob -t --type -T --type-not -A -B -C -m --max-count -j --threads --pre-glob --sort --sortr -M --color --colors -E --encoding -r --replace --max-depth -d --context --type-add',
    },
    modes: { '-e': 'read*', '--regexp': 'read*', '-f': 'read*' },
    operands: 'data read*',
    protect: [{ variables: { RIPGREP_CONFIG_PATH: '' } }],
    safe: 'run: [/usr/bin/rg, --no-config, "--regexp={text}", --, "{path}"]',
    sources: [
      'man:rg(1)',
      'https://github.com/BurntSushi/ripgrep/blob/master/GUIDE.md#configuration-file',
      'advisory:CVE-2021-3013',
    ],
  },
];
