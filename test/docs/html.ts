/** Built pages, taken apart for tests. In: HTML as our own build writes it. Out: its elements with their attributes. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const signs: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
};

export function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name: string) => signs[name]!);
}

/** Every element that begins. A page escapes `<` and `>` in text and attributes, so nothing else looks like one. */
export function elementsOf(html: string): readonly Element[] {
  return [...html.matchAll(/<([a-z][\w-]*)((?:\s+[^\s"'>=/]+(?:="[^"]*")?)*)\s*\/?>/gi)].map(
    ([, name, inside]) => ({
      name: name!.toLowerCase(),
      attributes: Object.fromEntries(
        [...inside!.matchAll(/\s([^\s"'>=/]+)(?:="([^"]*)")?/g)].map(([, key, value]) => [
          key!.toLowerCase(),
          decoded(value ?? ''),
        ]),
      ),
    }),
  );
}
