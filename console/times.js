/** Times as people read them. In: ISO 8601, milliseconds. Out: elements; countdowns go on by themselves. */
import { h } from './dom.js';

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** @param {string} iso */
export function time(iso) {
  return h('time', { datetime: iso, title: iso }, format.format(new Date(iso)));
}

/**
 * How long until then; `past` is said afterwards.
 * @param {string} iso
 * @param {string} past
 */
export function countdown(iso, past) {
  const left = h('span', { class: 'countdown' });
  const tick = () => {
    left.textContent = remaining(Date.parse(iso) - Date.now()) ?? past;
  };
  tick();
  const timer = setInterval(() => {
    if (left.isConnected) tick();
    else clearInterval(timer);
  }, 1_000);
  return h('span', {}, left, ' (', time(iso), ')');
}

/**
 * @param {number} milliseconds
 * @returns {string | null}
 */
function remaining(milliseconds) {
  if (milliseconds <= 0) return null;
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 60) return `in ${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `in ${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `in ${hours} h ${minutes % 60} min`;
  return `in ${Math.floor(hours / 24)} days ${hours % 24} h`;
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  if (milliseconds % 3_600_000 === 0) return `${milliseconds / 3_600_000} h`;
  if (milliseconds % 60_000 === 0) return `${milliseconds / 60_000} min`;
  if (milliseconds % 1_000 === 0) return `${milliseconds / 1_000} s`;
  return `${milliseconds} ms`;
}

/** @param {number} bytes */
export function size(bytes) {
  for (const [unit, of] of /** @type {const} */ ([
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ])) {
    if (bytes >= of) return `${Number((bytes / of).toFixed(2))} ${unit}`;
  }
  return `${bytes} bytes`;
}
