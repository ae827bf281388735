/**
 * Elements. In: a tag, attributes, children. Out: an element whose every text is a text node. Never: markup made of a
 * value; the document's policy (Trusted Types) would refuse it, too.
 */

/** @typedef {Node | string | number | null | undefined | false | readonly Child[]} Child */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Readonly<Record<string, unknown>>} attributes Functions are listeners of that event; false and null leave out.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') {
      element.addEventListener(name, /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(element, children);
  return element;
}

/**
 * @param {Node} parent
 * @param {Child} child
 */
export function append(parent, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) {
    for (const one of child) append(parent, one);
  } else {
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * A titled part of the page.
 * @param {string} id
 * @param {string} title
 * @param {...Child} children
 */
export function section(id, title, ...children) {
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, title),
    children,
  );
}

/**
 * Names and values; rows whose value is null are left out.
 * @param {readonly (readonly [name: Child, value: Child])[]} rows
 */
export function facts(rows) {
  return h(
    'dl',
    {},
    rows
      .filter(([, value]) => value !== null && value !== undefined && value !== false)
      .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

/**
 * What somebody is to be told: `alarm` in red, `warning` in amber, `good` in green, `plain`.
 * @param {'alarm' | 'warning' | 'good' | 'plain'} kind
 * @param {...Child} children
 */
export function notice(kind, ...children) {
  return h(
    'div',
    { class: `notice ${kind}`, role: kind === 'alarm' ? 'alert' : 'status' },
    children,
  );
}
