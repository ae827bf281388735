/**
 * Programs that read and print. They are known so that a declaration which gives them the network or a workspace to write
 * can be told that they need neither. In: manuals. Out: records; never code.
 */
import type { Program } from '../program-record.ts';

const reader = (
  names: string,
  sources: readonly string[],
  more: Partial<Program> = {},
): Program => ({
  names,
  can: '',
  why: '',
  operands: 'read*',
  safe: `run: [/usr/bin/${names.split(' ')[0]}, --, "{path}"]`,
  sources,
  ...more,
});

export const readers: readonly Program[] = [
  reader('base64 base32 base58 basenc basez uuencode uudecode ascii85', [
    'gtfobins:base64',
    'gtfobins:base32',
    'gtfobins:basenc',
  ]),
  reader('basename dirname realpath readlink pathchk namei', ['man:realpath(1)']),
  reader('bc', ['gtfobins:bc', 'man:bc(1)']),
  reader(
    'cal ncal sleep true false yes pwd seq expr factor numfmt test',
    ['https://www.gnu.org/software/coreutils/manual/'],
    { operands: 'data*', ends: 'none' },
  ),
  reader('cat gcat zcat bzcat xzcat zstdcat tac rev nl', [
    'gtfobins:cat',
    'gtfobins:tac',
    'gtfobins:rev',
    'gtfobins:nl',
  ]),
  reader('cksum md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum sum shasum', [
    'man:sha256sum(1)',
  ]),
  reader('cmp comm diff join paste', [
    'gtfobins:cmp',
    'gtfobins:comm',
    'gtfobins:diff',
    'gtfobins:join',
    'gtfobins:paste',
  ]),
  reader('column cut expand fmt fold look pr ptx tr unexpand ul tsort', [
    'gtfobins:column',
    'gtfobins:cut',
    'gtfobins:fold',
    'gtfobins:expand',
  ]),
  reader('date gdate', ['gtfobins:date', 'man:date(1)'], {
    operands: 'data*',
    flags: { read: '-f --file -r --reference', value: '-d --date -s --set' },
  }),
  reader('du df stat lsblk findmnt', ['man:du(1)'], {
    flags: {
      read: '--files0-from -X --exclude-from',
      value: '-d --max-depth -t --threshold -B -c --format --exclude',
    },
  }),
  reader('echo', ['man:echo(1)'], { operands: 'data*', ends: 'none' }),
  reader('file', ['gtfobins:file', 'man:file(1)'], {
    flags: { read: '-f --files-from -m --magic-file', value: '-e -F -P' },
  }),
  reader(
    'grep egrep fgrep ggrep zgrep zegrep pcregrep pcre2grep',
    ['gtfobins:grep', 'man:grep(1)'],
    {
      operands: 'data read*',
      flags: {
        read: '-f --file --exclude-from',
        value:
          '-e --regexp -m --max-count -A -B -C --include --exclude --exclude-dir --label -d -D --color',
      },
      modes: { '-e': 'read*', '--regexp': 'read*', '-f': 'read*' },
    },
  ),
  reader('hd od strings readelf objdump nm size addr2line', [
    'gtfobins:od',
    'gtfobins:strings',
    'gtfobins:readelf',
    'gtfobins:nm',
    'gtfobins:hd',
  ]),
  reader('head tail ghead gtail', ['gtfobins:head', 'gtfobins:tail'], {
    flags: { value: '-n --lines -c --bytes -s --pid' },
  }),
  reader(
    'hostname uname id whoami groups logname tty nproc arch uptime free vmstat who last users',
    ['man:id(1)'],
    { operands: 'data*' },
  ),
  reader('jq', ['gtfobins:jq', 'man:jq(1)'], {
    operands: 'data read*',
    flags: { read: '-f --from-file -L --slurpfile --rawfile', value: '--indent --arg --argjson' },
  }),
  reader('ls dir vdir gls exa eza lsd tree', ['man:ls(1)'], {
    flags: {
      value:
        '-I --ignore -w --width -T --tabsize --block-size --color --sort --time --time-style -L -P',
    },
  }),
  reader('printenv locale getconf', ['man:printenv(1)'], { operands: 'data*' }),
  reader('printf gprintf', ['man:printf(1)'], { operands: 'data*' }),
  reader('ps pgrep pidof pstree lsof ss netstat dmesg lscpu lsmem', ['man:ps(1)'], {
    operands: 'data*',
  }),
  reader('shuf', ['gtfobins:shuf', 'man:shuf(1)'], {
    can: 'write',
    why: '-o writes to any file',
    flags: {
      write: '-o --output',
      read: '--random-source',
      value: '-n --head-count -i --input-range -e',
    },
  }),
  reader('wc gwc', ['gtfobins:wc', 'man:wc(1)'], { flags: { read: '--files0-from' } }),
];
