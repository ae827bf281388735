/** Tokens of an argv template: what a command line is made of before it has values. Pure form. */

/** One part of a text token: fixed text, or the value of a parameter (or of `environment`). */
export type TokenPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string };

/** One token of the argv template. A `text` token yields exactly one argument. */
export type Token =
  | { readonly kind: 'text'; readonly parts: readonly TokenPart[] }
  | { readonly kind: 'flag'; readonly flag: string; readonly when: string }
  | { readonly kind: 'option'; readonly option: string; readonly value: readonly TokenPart[] }
  | { readonly kind: 'spread'; readonly parameter: string };
