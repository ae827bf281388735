/**
 * The names in a Cargo.toml. In: its text. Out: what [package] and [[bin]] say of names. A narrow reader of four keys on
 * lines of their own, not a TOML parser: what it does not understand it does not see, and --bin names the program instead.
 */

export interface CargoNames {
  readonly package: string | null;
  readonly defaultRun: string | null;
  readonly bins: readonly string[];
  /** True where a dependency on Loco is named. */
  readonly loco: boolean;
}

export function readCargoNames(text: string): CargoNames {
  let table = '';
  let loco = false;
  const found: { package: string | null; defaultRun: string | null; bins: string[] } = {
    package: null,
    defaultRun: null,
    bins: [],
  };
  for (const line of text.split('\n')) {
    const header = /^\s*(\[\[?[^\]]{1,200}\]\]?)\s*(?:#.*)?$/.exec(line.slice(0, 500));
    if (header !== null) {
      table = header[1]!.replace(/\s/g, '');
      if (/dependencies\.["']?loco-rs["']?\]$/.test(table)) loco = true;
      continue;
    }
    if (/dependencies\]$/.test(table) && /^\s*["']?loco-rs["']?\s*[.=]/.test(line)) loco = true;
    const pair = /^\s*(name|default-run)\s*=\s*(["'])([A-Za-z0-9_-]{1,100})\2\s*(?:#.*)?$/.exec(
      line.slice(0, 500),
    );
    if (pair === null) continue;
    const [, key, , value] = pair as unknown as [string, string, string, string];
    if (table === '[package]' && key === 'name') found.package = value;
    else if (table === '[package]') found.defaultRun = value;
    else if (table === '[[bin]]' && key === 'name' && found.bins.length < 50)
      found.bins.push(value);
  }
  return { ...found, loco };
}

/** The programs that may be the app's command line, the likeliest first. */
export function likelyPrograms({ package: name, defaultRun, bins }: CargoNames): readonly string[] {
  const own = name === null ? [] : [`${name}-cli`, name];
  const all = [
    ...(defaultRun === null ? [] : [defaultRun]),
    ...own.filter((one) => bins.includes(one)),
    ...bins,
    ...own,
  ];
  return [...new Set(all)];
}
