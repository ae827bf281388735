/**
 * What a schema says of a field, taken apart. In: its description, of the form "Meaning: KEY: VALUE. Default VALUE." (the
 * example and the default where there are any). Out: the three. Never: an example that is not YAML.
 */
import { parse } from 'yaml';

export interface Words {
  readonly meaning: string;
  /** Each as it stands in the file: `timeout: 60s`. */
  readonly examples: readonly string[];
  readonly usual: Usual | null;
}

/** What holds where the field is left out: "Default VALUE." gives a value as it would stand in the file, "Default: WORDS." words. */
export interface Usual {
  readonly text: string;
  readonly literal: boolean;
}

export function wordsOf(description: string, key: string): Words {
  const { text, usual } = withoutDefault(description.trim());
  const { meaning, examples } = withoutExamples(text, key);
  return { meaning, examples, usual };
}

/** The sentence that begins with "Default" ends at a dot with a blank or the end behind it: 127.0.0.1 holds none. */
function withoutDefault(text: string): { text: string; usual: Usual | null } {
  const found = /(?:^|\s)Default(?: and most)?(:?) (.+?)\.(?=\s|$)/.exec(text);
  if (found === null) return { text, usual: null };
  const rest = `${text.slice(0, found.index)} ${text.slice(found.index + found[0].length)}`;
  return { text: rest.trim(), usual: { text: found[2]!, literal: found[1] === '' } };
}

function withoutExamples(
  text: string,
  key: string,
): { meaning: string; examples: readonly string[] } {
  const none = { meaning: text, examples: [] };
  const at = text.search(new RegExp(`(?<=^|: |, such as )${escaped(key)}: `));
  if (at < 0) return none;
  const examples = text
    .slice(at)
    .replace(/\.$/, '')
    .split(new RegExp(`, or (?=${escaped(key)}: )`));
  if (!examples.every(isYaml)) return none;
  const meaning = text.slice(0, at).replace(/(?:: |, such as )$/, '.');
  return { meaning, examples };
}

function isYaml(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

const escaped = (text: string) => text.replace(/[^\w-]/g, '\\$&');
