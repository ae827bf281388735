/**
 * A value exactly as it is. In: text of anybody. Out: elements in which every character can be seen: what hides or turns
 * text is written as \u{…}, what is not ASCII is marked, nothing is cut. Never: a value that changes how its neighbours
 * look.
 */
import { h } from './dom.js';
import { unsafe } from './unsafe.js';

/** Besides: what joins the letter before it, other blanks, what has no meaning to everybody. */
const unseen = /[\p{M}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const hides = new RegExp(`${unsafe.source}|${unseen.source}`, 'u');
const scripts = [
  'Cyrillic',
  'Greek',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Cherokee',
  'Georgian',
  'Han',
  'Hangul',
  'Hiragana',
  'Katakana',
  'Thai',
  'Devanagari',
  'Coptic',
  'Lisu',
  'Latin',
];
const scriptForms = scripts.map(
  (name) => /** @type {const} */ ([name, new RegExp(`\\p{Script=${name}}`, 'u')]),
);

/** @param {string} text */
export function characters(text) {
  return [...text].length;
}

/** @param {string} text `1 character`, `12 characters, 14 bytes` */
export function lengthOf(text) {
  const count = characters(text);
  const bytes = new TextEncoder().encode(text).length;
  const signs = `${count.toLocaleString('en')} character${count === 1 ? '' : 's'}`;
  return bytes === count ? signs : `${signs}, ${bytes.toLocaleString('en')} bytes`;
}

/** @param {string} character */
function codePoint(character) {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** @param {string} character */
function scriptOf(character) {
  return scriptForms.find(([, form]) => form.test(character))?.[0] ?? 'no letter';
}

/**
 * @typedef {'plain' | 'space' | 'break' | 'tab' | 'hidden' | 'foreign'} Kind
 * @param {string} character
 * @returns {Kind}
 */
function kindOf(character) {
  if (character === ' ') return 'space';
  if (character === '\n') return 'break';
  if (character === '\t') return 'tab';
  if (hides.test(character)) return 'hidden';
  return /[!-~]/.test(character) ? 'plain' : 'foreign';
}

/** @param {string | undefined} character */
function isSeen(character) {
  return character !== undefined && ['plain', 'foreign'].includes(kindOf(character));
}

/** Text that was written for people, as exact as any other.
 * @param {string} value
 */
export function prose(value) {
  return exact(value, 'exact prose');
}

/**
 * The value in a box of its own, whatever its direction. Blanks at its ends, and several in a row, are marked.
 * @param {string} value
 * @returns {HTMLElement}
 */
export function exact(value, classes = 'exact') {
  const text = value.toWellFormed();
  const box = h('bdi', { class: classes, dir: 'ltr' });
  if (text === '') {
    box.append(h('span', { class: 'empty' }, '(empty)'));
    return box;
  }
  let plain = '';
  const flush = () => {
    if (plain !== '') box.append(plain);
    plain = '';
  };
  const signs = [...text];
  signs.forEach((sign, index) => {
    const kind = kindOf(sign);
    // A blank between two signs that are seen needs no mark.
    const alone = kind === 'space' && isSeen(signs[index - 1]) && isSeen(signs[index + 1]);
    if (kind === 'plain' || alone) {
      plain += sign;
      return;
    }
    flush();
    box.append(marked(sign, kind));
  });
  flush();
  return box;
}

/**
 * @param {string} sign
 * @param {Kind} kind
 */
function marked(sign, kind) {
  switch (kind) {
    case 'space':
      return h('span', { class: 'space', title: 'a space' }, ' ');
    case 'break':
      return h('span', {}, h('mark', { class: 'hidden', title: 'a line break' }, '\\n'), '\n');
    case 'tab':
      return h('mark', { class: 'hidden', title: 'a tab' }, '\\t');
    case 'hidden': {
      const code = (sign.codePointAt(0) ?? 0).toString(16);
      return h(
        'mark',
        { class: 'hidden', title: `${codePoint(sign)}: cannot be seen as it is` },
        `\\u{${code}}`,
      );
    }
    default:
      return h(
        'mark',
        { class: 'foreign', title: `${codePoint(sign)}, ${scriptOf(sign)}: not ASCII` },
        sign,
      );
  }
}

/**
 * What is odd about the characters of some values, in words; null where nothing is.
 * @param {readonly string[]} values
 * @returns {{ hidden: string | null, foreign: string | null }}
 */
export function oddities(values) {
  const hidden = new Set();
  const foreign = new Map();
  for (const sign of values.join('')) {
    const kind = kindOf(sign);
    if (kind === 'hidden' || kind === 'break' || kind === 'tab') hidden.add(codePoint(sign));
    if (kind === 'foreign') foreign.set(sign, `${sign} is ${codePoint(sign)} (${scriptOf(sign)})`);
  }
  return {
    hidden: hidden.size === 0 ? null : listed([...hidden]),
    foreign: foreign.size === 0 ? null : listed([...foreign.values()]),
  };
}

/** @param {readonly string[]} all */
function listed(all) {
  const rest = all.length - 24;
  return rest <= 0
    ? all.join(', ')
    : `${all.slice(0, 24).join(', ')}, and ${rest} more, each marked`;
}

/**
 * Any JSON value, exactly.
 * @param {unknown} value
 * @returns {HTMLElement}
 */
export function exactJson(value) {
  if (typeof value === 'string') return exact(value);
  return exact(JSON.stringify(value) ?? '(nothing)');
}
