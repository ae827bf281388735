/** Archivers, compressors, and what copies files about. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const writes = (
  names: string,
  why: string,
  operands: string,
  sources: readonly string[],
  safe: string,
  more: Partial<Program> = {},
): Program => ({ names, can: 'write', why, operands, safe, sources, ...more });

export const archives: readonly Program[] = [
  {
    names: '7z 7za 7zr 7zz p7zip',
    can: 'exec write',
    why: '@file lists further operands, and -o and -w write anywhere',
    operands: 'subcommand write read*',
    forms: [{ sample: '@x', does: 'load', says: 'a name behind "@" is a file of further names' }],
    flags: { write: '-o -w' },
    safe: 'run: [/usr/bin/7z, l, --, "{path}"]',
    sources: ['https://7-zip.opensource.jp/chm/cmdline/syntax.htm'],
  },
  {
    names: 'ar',
    can: 'write load',
    why: 'it writes archives, and --plugin loads a library',
    operands: 'bundle write read*',
    flags: { load: '--plugin', write: '--output' },
    ends: 'none',
    safe: 'run: [/usr/bin/ar, t, "{path}"]',
    sources: ['gtfobins:ar', 'man:ar(1)'],
  },
  {
    names: 'arj unarj rar unrar zoo lha',
    can: 'write',
    why: 'it unpacks to any place, and @file lists further operands',
    operands: 'subcommand write read*',
    forms: [{ sample: '@x', does: 'load', says: 'a name behind "@" is a file of further names' }],
    safe: 'run: [/usr/bin/unrar, lb, --, "{path}"]',
    sources: ['gtfobins:arj'],
  },
  {
    names: 'cpio pax',
    can: 'exec write',
    why: '--rsh-command starts a program for host:file, and it unpacks to any place',
    flags: {
      program: '--rsh-command',
      write: '-O -D --directory',
      read: '-I -E --pattern-file',
      destination: '-F --file -f',
      value: '-H --format -M -R -C',
    },
    operands: 'data*',
    stdin: 'setting',
    forms: [
      {
        sample: 'h:x',
        does: 'exec',
        says: 'host:file starts rsh or ssh',
        flags: '-F --file -O -I -f',
      },
    ],
    safe: 'run: [/usr/bin/cpio, --list, --quiet, --force-local, "--file={path}"]',
    sources: ['gtfobins:cpio', 'gtfobins:pax', 'man:cpio(1)'],
  },
  {
    names: 'genisoimage mkisofs xorriso unsquashfs mksquashfs cdrecord',
    can: 'exec write',
    why: 'options files, -sort and -d write and load',
    style: 'words',
    flags: {
      write: '-o -output -d -dest -info',
      load: '-rc -options_from_file -path-list -options',
      code: '-p -pf',
    },
    operands: 'read*',
    safe: 'run: [/usr/bin/unsquashfs, -ll, "{path}"]',
    sources: ['gtfobins:genisoimage', 'gtfobins:unsquashfs'],
  },
  writes(
    'gzip gunzip bzip2 bunzip2 xz unxz lzma zstd unzstd lz4 brotli compress uncompress pigz pbzip2',
    'it replaces its operands by others, and -o writes anywhere',
    'write*',
    ['gtfobins:gzip', 'gtfobins:bzip2', 'gtfobins:xz', 'man:zstd(1)'],
    'run: [/usr/bin/gzip, --decompress, --stdout, --, "{path}"]',
    {
      flags: {
        write: '-o --output-dir-flat --output-dir-mirror',
        load: '-D --patch-from --dictionary',
        value: '-S --suffix -T --threads -B -b',
      },
    },
  ),
  {
    names: 'tar gtar bsdtar star ptar',
    can: 'exec load write network',
    why: '-I, --to-command, --checkpoint-action, --info-script and --rsh-command run programs, and an archive called host:file starts one as well',
    operands: 'bundle read*',
    modes: { '-': 'read*' },
    flags: {
      program: '-I --use-compress-program --rsh-command --rmt-command',
      code: '--to-command --checkpoint-action -F --info-script --new-volume-script',
      write: '-C --directory --index-file --volno-file -g --listed-incremental',
      read: '-T --files-from -X --exclude-from -f --file',
      value:
        '-b --blocking-factor -H --format -V --label -K --starting-file -L -N --newer --mtime --owner --group --mode --exclude --transform --xform --strip-components --record-size --sort --checkpoint',
    },
    forms: [
      {
        sample: 'h:x',
        does: 'exec',
        says: 'an archive called host:file starts rsh or ssh',
        flags: '-f --file',
      },
    ],
    safe: 'run: [/usr/bin/tar, --create, --force-local, --file, "{archive}", --, { spread: paths }]',
    sources: [
      'gtfobins:tar',
      'man:tar(1)',
      'https://www.gnu.org/software/tar/manual/html_section/checkpoints.html',
    ],
  },
  {
    names: 'unzip zipinfo funzip',
    can: 'write',
    why: '-d unpacks anywhere',
    flags: { write: '-d', value: '-P' },
    operands: 'read data*',
    ends: 'none',
    safe: 'run: [/usr/bin/unzip, -l, "{path}"]',
    sources: ['gtfobins:unzip', 'man:unzip(1)'],
  },
  {
    names: 'zip zipcloak zipnote zipsplit',
    can: 'exec write',
    why: '-TT runs a program to test the archive, and it writes',
    flags: {
      code: '-TT --unzip-command',
      read: '-i@ -x@ -@',
      write: '-O --output-file --out -lf -b',
      value: '-P -n -t -tt -s',
    },
    operands: 'write read*',
    style: 'words',
    safe: 'run: [/usr/bin/zip, -q, out.zip, --, { spread: paths }]',
    sources: ['gtfobins:zip', 'man:zip(1)'],
  },
];
