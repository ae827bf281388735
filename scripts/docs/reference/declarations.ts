/** Type declarations of a TypeScript source, as text. In: source as our formatter leaves it. Out: for each its name, what its comment says, and its form without the words that only the compiler needs. */

export interface Declaration {
  readonly name: string;
  /** The comment above it; that of the declaration before where the two stand together. */
  readonly says: string;
  readonly form: string;
}

const begins = /^(?:export )?(type|interface) (\w+)(?: extends (\w+))?(?: =)? ?(.*)$/;

export function declarationsOf(source: string): readonly Declaration[] {
  const found: Declaration[] = [];
  const lines = source.split('\n');
  let says = '';
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!;
    const declared = begins.exec(line);
    if (line.startsWith('/**')) {
      const end = lines.findIndex((each, at) => at >= i && each.endsWith('*/'));
      says = commentOf(lines.slice(i, end + 1));
      i = end;
    } else if (declared !== null) {
      const closes = line.endsWith('{') ? /^\}/ : /;$/;
      const end = lines.findIndex((each, at) => at >= i && closes.test(each));
      const [, , name, base, first] = declared;
      const rest = [first!, ...lines.slice(i + 1, end + 1)].join('\n').replace(/;$/, '');
      found.push({
        name: name!,
        says,
        form: plain(base === undefined ? rest : `${base} & ${rest}`),
      });
      i = end;
    } else if (line === '') says = '';
  }
  return found;
}

function commentOf(lines: readonly string[]): string {
  return lines
    .map((line) =>
      line
        .replace(/^\s*\/?\*+\/?/, '')
        .replace(/\*\/$/, '')
        .trim(),
    )
    .filter((line) => line !== '')
    .join(' ');
}

/** Comments within stay: they say what fields mean. */
function plain(form: string): string {
  return form
    .trim()
    .replace(/\breadonly (?=\w|\{|\()/g, '')
    .replace(/Readonly<(Record<[^<>]*>)>/g, '$1')
    .replace(/Plain<([^<>]+)>/g, '$1')
    .replaceAll('Record<string, never>', '{}');
}

/** A form with the fields of other declarations that it takes over (`Execution['risk']`) written out. */
export function writtenOut(form: string, declared: ReadonlyMap<string, Declaration>): string {
  const field = (name: string, key: string): string => {
    const found = new RegExp(`^  ${key}: (.*);$`, 'm').exec(declared.get(name)?.form ?? '');
    if (found === null) throw new Error(`there is no ${name}['${key}'] in one line`);
    return found[1]!;
  };
  return form
    .replace(/NonNullable<(\w+)\['(\w+)'\]>/g, (_, name: string, key: string) =>
      field(name, key).replace(' | null', ''),
    )
    .replace(/(\w+)\['(\w+)'\]/g, (_, name: string, key: string) => field(name, key))
    .replaceAll('(typeof rehearsalPurposes)[number]', 'RehearsalPurpose');
}
