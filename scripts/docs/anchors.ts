/**
 * Anchors of headings, as GitHub makes them: a link that holds there holds here. In: the text of a heading. Out: its anchor,
 * numbered where a page has it already. Never: two headings of a page with one anchor.
 */

/** GitHub's own rule: lower case, blanks become hyphens, everything else that is no letter, number, hyphen or _ goes. */
export function anchorOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Hands out the anchors of one page, in order. */
export function anchors(): (text: string) => string {
  const given = new Map<string, number>();
  return (text) => {
    const plain = anchorOf(text);
    let anchor = plain;
    let times = given.get(plain) ?? 0;
    while (given.has(anchor)) {
      times += 1;
      anchor = `${plain}-${times}`;
    }
    given.set(plain, times);
    given.set(anchor, given.get(anchor) ?? 0);
    return anchor;
  };
}
