/** Pictures, sound and documents: their readers obey what they read. In: manuals and advisories. Out: records; never code. */
import type { Program } from '../program-record.ts';

const writes = (
  names: string,
  why: string,
  operands: string,
  sources: readonly string[],
  safe: string,
  more: Partial<Program> = {},
): Program => ({ names, can: 'write', why, operands, safe, sources, ...more });

export const media: readonly Program[] = [
  writes(
    'convert magick mogrify identify montage gm composite',
    '"msl:", "@file", "|command" and delegates in a name run programs and read files',
    'read write*',
    ['https://imagemagick.org/script/security-policy.php', 'advisory:CVE-2016-3714'],
    'run: [/usr/bin/identify, -format, "%w %h", "png:{path}"]',
    {
      can: 'exec load write',
      style: 'words',
      flags: { script: '-script -process', write: '-write', load: '-profile' },
      forms: [
        { sample: '|id', does: 'exec', says: 'a name that begins with "|" is a command' },
        {
          sample: 'msl:x',
          does: 'exec',
          says: 'a prefix such as msl: chooses a coder that runs what it reads',
        },
      ],
    },
  ),
  writes(
    'exiftool',
    '-if, -config and -p run Perl code, and -w and -o write',
    'read*',
    ['gtfobins:exiftool', 'advisory:CVE-2021-22204'],
    'run: [/usr/bin/exiftool, -json, --, "{path}"]',
    {
      can: 'exec load write',
      style: 'words',
      flags: {
        code: '-if -p -printFormat -api',
        load: '-config -@',
        write: '-w -o -tagOut',
        read: '-diff',
      },
    },
  ),
  writes(
    'ffmpeg ffprobe ffplay sox',
    'protocols such as concat: and file: in a name read further files, and the last operand is written',
    'write*',
    ['https://ffmpeg.org/ffmpeg-protocols.html'],
    'run: [/usr/bin/ffprobe, -v, error, -show_format, "file:{path}"]',
    {
      can: 'load write network',
      style: 'words',
      ends: 'none',
      flags: {
        read: '-i -safe',
        load: '-filter_script -filter_complex_script -/filter -fpre -vpre -init_hw_device',
        code: '-vf -af -filter -filter_complex',
        value: '-v -loglevel -ss -t -to -c -codec -f -r -s -show_entries -of -select_streams',
      },
      forms: [
        {
          sample: 'concat:/x',
          does: 'network',
          says: 'a prefix such as concat: or http: reaches other files and hosts',
        },
      ],
    },
  ),
  writes(
    'gs ghostscript ps2pdf pdf2ps',
    'a document is a program, and %pipe% runs commands',
    'script write*',
    ['https://ghostscript.com/docs/9.54.0/Use.htm#Safer', 'advisory:CVE-2023-36664'],
    'run: [/usr/bin/gs, -dSAFER, -dBATCH, -dNOPAUSE, -sDEVICE=txtwrite, "-sOutputFile=-", in.pdf] with approvals and inputs: [in.pdf]',
    { can: 'exec load write', flags: { write: '-o', code: '-c', load: '-I' }, stdin: 'code' },
  ),
  writes(
    'pandoc',
    '--filter and --lua-filter run programs, --extract-media and -o write',
    'read*',
    ['gtfobins:pandoc', 'https://pandoc.org/MANUAL.html#a-note-on-security'],
    'run: [/usr/bin/pandoc, --sandbox, --from, markdown, --to, html, --, "{path}"]',
    {
      can: 'exec load write network',
      flags: {
        program: '-F --filter --pdf-engine',
        script: '-L --lua-filter',
        load: '-d --defaults --template --data-dir --include-in-header -H --pdf-engine-opt --csl',
        write: '-o --output --extract-media',
        value: '-f --from -t --to -V -M --metadata --columns',
      },
    },
  ),
];
