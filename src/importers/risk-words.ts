/**
 * A first guess at a risk. In: a name and what is said of it. Out: `high` where a word of it takes something away or
 * replaces it, else `medium`. Never less: nobody has read the code yet.
 */
import type { Risk } from '../core/command.ts';

const grave =
  /^(?:rotat|delet|purg|clean|drop|reset|remov|destroy|truncat|wip|revok|eras|prun|flush|overwrit|expir|anonymi|restor|migrat|reindex|rebuild|kill|charg|refund|pay|send|mail|notif|publish|deploy)/;

/** The words that make it high, in the order in which they stand; empty: medium. */
export function graveWords(...texts: readonly string[]): readonly string[] {
  const words = texts.flatMap((text) =>
    text
      .slice(0, 1000)
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z]+/),
  );
  return [...new Set(words.filter((word) => grave.test(word)))];
}

export function guessRisk(...texts: readonly string[]): Risk {
  return graveWords(...texts).length > 0 ? 'high' : 'medium';
}
