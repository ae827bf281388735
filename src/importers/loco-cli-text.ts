/**
 * What a Loco app says of itself through its own command line, where it does not have the crate. In: what `--version`,
 * `--help`, `task` and `scheduler --list` printed. Out: a description. A line of another form is somebody else's, and skipped.
 */
import {
  Found,
  isUsable,
  type LocoDescription,
  type LocoJob,
  type LocoTask,
} from './loco-description.ts';

export interface LocoCliText {
  readonly version: string;
  readonly help: string;
  /** Null where the app could not say: the notes tell why. */
  readonly tasks: string | null;
  readonly scheduler: string | null;
  readonly notes: readonly string[];
}

/** The version of Loco in what `--version` printed; null where that is no Loco app. */
export function locoVersion(printed: string): string | null {
  return (
    /^loco-rs (\d{1,4}\.\d{1,4}\.\d{1,4}[\w.+-]{0,40})\s*$/m.exec(printed.slice(0, 4096))?.[1] ??
    null
  );
}

export function readCliText(text: LocoCliText): LocoDescription {
  const found = new Found().description({
    source: 'cli',
    version: null,
    loco: locoVersion(text.version),
    migrations: [],
    tasks: readTasks(text.tasks ?? ''),
    jobs: readJobs(text.scheduler ?? ''),
    queue: hasSubcommand(text.help, 'jobs') ? null : false,
  });
  return { ...found, notes: [...text.notes, ...found.notes] };
}

/** Loco prints `{:<30}[{}]`: the name, filled up to 30 characters, and the detail in brackets, which may go on for lines. */
function readTasks(printed: string): LocoTask[] {
  return linesOf(printed).flatMap((line) => {
    const padded = [...line.slice(0, 1000)];
    const open = padded.indexOf('[', 30);
    const name = padded.slice(0, open).join('').trimEnd();
    if (open < 0 || (open > 30 && open !== [...name].length)) return [];
    if (/\s/.test(name) || !isUsable(name)) return [];
    const detail = padded.slice(open + 1).join('');
    return [{ name, detail: detail.endsWith(']') ? detail.slice(0, -1) : detail }];
  });
}

/** Loco prints `{:<6} {:<15} {:<12} {:<22} {:<18} {:?}`: only a row whose name has no space can be told apart. */
function readJobs(printed: string): LocoJob[] {
  return linesOf(printed).flatMap((line) => {
    // The first quote begins the text: trying every one would take a hostile line forever.
    const row = /^(\d{1,6}) +(\S{1,200}) +(?:true|false) ([^"]*)("(?:[^"\\]|\\.)*")$/.exec(
      line.slice(0, 2000),
    );
    if (row === null) return [];
    const run = unquoted(row[4]!);
    if (run === null) return [];
    const schedule = row[3]!.trim().split(/ {2,}/)[0]!;
    return [{ name: row[2]!, run, shell: null, schedule }];
  });
}

/** Rust's debug form of a text, where it is one that JSON knows as well. */
function unquoted(text: string): string | null {
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}

/** True where clap's help lists the subcommand. */
function hasSubcommand(help: string, name: string): boolean {
  return linesOf(help).some((line) => new RegExp(`^ {2}${name}(?: |$)`).test(line));
}

function linesOf(text: string): readonly string[] {
  return text.split('\n', 100_000).map((line) => line.replace(/\r$/, ''));
}
