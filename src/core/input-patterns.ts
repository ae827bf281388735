/**
 * What a pattern of declared inputs means. Pure. In: patterns relative to the workspace, already checked. Out: what they
 * match, and the folders that belong to them whole. Never: two rooms that read the same pattern differently.
 */

/** `*` and `?` stay within a name; `**` is any number of folders, and at the end everything below. Hidden files count. */
export function globExpression(pattern: string): RegExp {
  const parts = pattern.split('/');
  const source = parts.map((part, index) => {
    const last = index === parts.length - 1;
    if (part === '**') return last ? '.+' : '(?:[^/]+/)*';
    const name = part
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '[^/]*')
      .replace(/\?/g, '[^/]');
    return last ? name : `${name}/`;
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}

/** True where a pattern or a part of one can match more than one name. */
export function isWild(part: string): boolean {
  return /[*?]/.test(part);
}

/** The fixed parts before the first wild one, or before the name of a file: `a/b` of `a/b/*.sql` and of `a/b/c`. */
export function fixedFolder(pattern: string): readonly string[] {
  const parts = pattern.split('/');
  const wild = parts.findIndex(isWild);
  return wild < 0 ? parts.slice(0, -1) : parts.slice(0, wild);
}

/**
 * Folders, as parts of their paths, in which a run sees the declared files and nothing else: the fixed part of every wild
 * pattern, unless that is the workspace itself; and the workspace for `**`. A file that somebody adds there is not seen.
 */
export function sealedFolders(patterns: readonly string[]): readonly (readonly string[])[] {
  const whole = patterns.includes('**') ? [[]] : [];
  const folders = patterns.filter(isWild).map(fixedFolder);
  return [...whole, ...folders.filter((folder) => folder.length > 0)];
}

/** True where files may be added later that match and are still seen: folders that no fixed part names. */
export function reachesUnnamedFolders(pattern: string): boolean {
  return isWild(pattern.split('/')[0]!) && pattern.includes('/');
}
