/** Draws the rooms and their imports into docs/design.md, between its two marks. A test fails when that is out of date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawHouse, inspectHouse } from '../test/architecture/house.ts';

const root = join(import.meta.dirname, '..');
const file = join(root, 'docs/design.md');
const text = readFileSync(file, 'utf8');
const marks = /(<!-- picture: .*? -->\n)[\s\S]*?(<!-- end of picture -->)/;
if (!marks.test(text)) throw new Error('docs/design.md has lost the marks of its picture');
const drawn = drawHouse(inspectHouse(root));
writeFileSync(
  file,
  text.replace(
    marks,
    (_all, open: string, end: string) => `${open}${drawn}
${end}`,
  ),
);
console.log('docs/design.md shows the house as it is');
