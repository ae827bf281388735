/** Text on its way into HTML. In: any text. Out: the same text for a reader, in an element or a quoted attribute. */

const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Long names may be broken after an underscore or a dot. */
export function breakable(text: string): string {
  return text.length > 16 ? escaped(text).replace(/[_.](?=\w)/g, '$&<wbr>') : escaped(text);
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => signs[sign]!);
}
