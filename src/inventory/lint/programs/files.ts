/** Programs that copy, remove and change files: what they write is named by their operands. In: manuals and GTFOBins. Out: records; never code. */
import type { Program } from '../program-record.ts';

const writes = (
  names: string,
  why: string,
  operands: string,
  sources: readonly string[],
  safe: string,
  more: Partial<Program> = {},
): Program => ({ names, can: 'write', why, operands, safe, sources, ...more });

export const files: readonly Program[] = [
  writes(
    'chmod chown chgrp chattr setfacl setfattr',
    'its operands are changed, and --reference and --restore read further ones',
    'data write*',
    ['gtfobins:chmod', 'gtfobins:chown', 'gtfobins:chattr', 'gtfobins:setfacl'],
    'run: [/usr/bin/chmod, u=rw, --, "{path}"]',
    { flags: { read: '--reference --restore', value: '-m -x' } },
  ),
  writes(
    'cp gcp install mv gmv ginstall',
    'its last operand is written, -t writes anywhere, and -S or --backup make further files',
    'write*',
    ['gtfobins:cp', 'gtfobins:mv', 'gtfobins:install', 'man:install(1)'],
    'run: [/usr/bin/cp, --no-dereference, --, "{from}", "{to}"]',
    {
      flags: {
        write: '-t --target-directory',
        program: '--strip-program',
        value: '-S --suffix -m --mode -o --owner -g --group',
      },
      can: 'exec write',
    },
  ),
  writes(
    'ln symlinks',
    'its last operand is written, and a link makes another file look like one of yours',
    'write*',
    ['gtfobins:ln', 'man:ln(1)'],
    'run: [/usr/bin/ln, --symbolic, --, "{target}", "{name}"]',
    { flags: { write: '-t --target-directory', value: '-S --suffix' } },
  ),
  writes(
    'logrotate savelog',
    'its configuration holds scripts, -s and -l write anywhere',
    'load*',
    ['gtfobins:logrotate', 'man:logrotate(8)'],
    'run: [/usr/sbin/logrotate, --state, /workspace/.state, /opt/logrotate.conf]',
    { can: 'exec load write', flags: { write: '-s --state -l --log', code: '-m --mail' } },
  ),
  writes(
    'patch',
    '-e runs ed, and a patch names the files that it changes',
    'write read',
    ['man:patch(1)', 'advisory:CVE-2018-1000156'],
    'run: [/usr/bin/patch, --strip=1, --batch, --input, "{path}"]',
    {
      can: 'exec write',
      flags: {
        write: '-o --output -r --reject-file -d --directory',
        read: '-i --input',
        value: '-p --strip -F -D -V -B -Y -z',
      },
      stdin: 'setting',
    },
  ),
  writes(
    'rename prename file-rename mmv zmv',
    'its first operand is Perl code (the Perl one), and files are renamed',
    'code write*',
    ['man:rename(1)'],
    'run: [/usr/bin/mv, --, "{from}", "{to}"]',
    { can: 'exec write', flags: { code: '-e -E' } },
  ),
  writes(
    'rm rmdir unlink shred srm truncate wipe',
    'its operands are removed or overwritten',
    'write*',
    ['man:rm(1)', 'man:shred(1)'],
    'run: [/usr/bin/rm, --, { spread: paths }] with format: workspace-path',
    { flags: { read: '-r --reference --random-source', value: '-s --size -n --iterations' } },
  ),
  writes(
    'touch mkdir mkfifo mknod mktemp fallocate',
    'its operands are made',
    'write*',
    ['man:touch(1)', 'man:mkdir(1)'],
    'run: [/usr/bin/touch, --, "{path}"]',
    {
      flags: {
        write: '-p --tmpdir',
        read: '-r --reference',
        value: '-d --date -t --time -m --mode -l -o',
      },
    },
  ),
];
