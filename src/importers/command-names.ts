/**
 * Names for drafted commands. In: whatever an app calls something. Out: a name that an inventory takes and that nothing
 * else in the draft has. Never: two commands of one name, or a tool that begins with "reeve".
 */
export class CommandNames {
  readonly #taken = new Set<string>();

  constructor(reserved: Iterable<string>) {
    for (const name of reserved) this.#taken.add(name);
  }

  /** The name as a slug; with the prefix where the slug is taken, empty, or does not begin with a letter; numbered after that. */
  take(wanted: string, prefix: string): string {
    const slug = slugOf(wanted);
    const bare = /^[a-z]/.test(slug) && !slug.startsWith('reeve') ? [slug] : [];
    const prefixed = slug === '' ? prefix : `${prefix}-${slug}`;
    for (const candidate of [...bare, prefixed]) {
      const name = cut(candidate, 64);
      if (!this.#taken.has(name)) return this.#add(name);
    }
    for (let number = 2; ; number++) {
      const name = `${cut(prefixed, 58)}-${number}`;
      if (!this.#taken.has(name)) return this.#add(name);
    }
  }

  #add(name: string): string {
    this.#taken.add(name);
    return name;
  }
}

/** Lower-case letters and digits with single dashes between. */
function slugOf(text: string): string {
  return text
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

function cut(name: string, length: number): string {
  return name.slice(0, length).replace(/-+$/, '');
}
