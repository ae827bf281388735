/** Programs that run other programs, or read and write where their arguments say. In: the name of an executable. Out: what it does with free arguments. */

export type ProgramKind =
  /** Runs a program that its operands name, after `operands` of its own. */
  | { readonly kind: 'wrapper'; readonly operands: number }
  /** Runs code that one of its arguments is, or a file that its first operand names. */
  | { readonly kind: 'interpreter'; readonly codeFlags: RegExp; readonly codeFirst: boolean }
  /** Has options or operands that run programs or reach other places; harmless behind `--` or a fixed operand. */
  | { readonly kind: 'tool' };

const wrapper = (operands: number): ProgramKind => ({ kind: 'wrapper', operands });
const interpreter = (codeFlags: RegExp, codeFirst = false): ProgramKind => ({
  kind: 'interpreter',
  codeFlags,
  codeFirst,
});
const tool: ProgramKind = { kind: 'tool' };

const programs: Readonly<Record<string, ProgramKind>> = {
  ...each(
    'busybox doas env ionice nice nohup nsenter parallel runuser setpriv setsid stdbuf strace ltrace su sudo systemd-run time unshare xargs bwrap firejail pkexec',
    wrapper(0),
  ),
  ...each('chroot flock taskset timeout chrt watch script ssh', wrapper(1)),
  ...each('sh ash bash dash ksh mksh zsh fish csh tcsh', interpreter(/^-[a-z]*c$/i)),
  ...each('python pypy', interpreter(/^-[A-Za-z]*[cm]$/)),
  ...each('perl', interpreter(/^-[a-zA-Z0-9]*[eE]$/)),
  ...each('ruby lua', interpreter(/^-[a-z]*e$/)),
  ...each('node nodejs deno bun', interpreter(/^(-[a-z]*[ep]|-pe|--eval|--print|eval)$/)),
  ...each('php', interpreter(/^-[rBRE]$/)),
  ...each(
    'awk gawk mawk nawk original-awk sed jq',
    interpreter(/^(-e|--expression|--source)$/, true),
  ),
  ...each('psql mysql mariadb sqlite3', interpreter(/^(-c|-e|--command|--execute)$/)),
  ...each(
    'find fd fdfind git tar rsync scp sftp curl wget vim vi ex ed less more man nmap socat nc ncat gdb make cmake cargo npm npx yarn pnpm pip gcc cc docker podman kubectl helm systemctl journalctl zip unzip 7z cpio dd tee openssl crontab at',
    tool,
  ),
};

/** What is known of the program; undefined where nothing is. Versions are left out: python3.11 is python. */
export function programKind(
  path: string,
): { readonly name: string; readonly kind: ProgramKind } | undefined {
  const base = path.slice(path.lastIndexOf('/') + 1);
  for (const name of [base, base.replace(/[-.]?\d+(\.\d+)*$/, '')]) {
    if (Object.hasOwn(programs, name)) return { name: base, kind: programs[name]! };
  }
  return undefined;
}

function each(names: string, kind: ProgramKind): Record<string, ProgramKind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}
