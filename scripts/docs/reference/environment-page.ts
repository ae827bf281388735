/** The page about variables, from .env.example: a comment and the line that it is about. In: that file. Out: Markdown. Never: a variable of it left out. */
import { cell, code, table } from './markdown.ts';

interface Variable {
  readonly name: string;
  readonly example: string;
  readonly meaning: string;
}
interface Group {
  readonly title: string;
  readonly variables: Variable[];
}

export function environmentPage(envExample: string): string {
  const { intro, groups } = read(envExample);
  return [
    '# Reference: variables',
    '',
    '<!-- Made by `npm run reference` from .env.example: edit it, not this page. -->',
    '',
    'For whoever starts Reeve: every environment variable that it reads.',
    '',
    cell(intro),
    '',
    ...groups.flatMap(({ title, variables }) => [
      `## ${title}`,
      '',
      table(
        ['variable', 'example', 'meaning'],
        variables.map(({ name, example, meaning }) => [
          code(name),
          example === '' ? '' : code(example),
          cell(meaning),
        ]),
      ),
    ]),
  ].join('\n');
}

function read(text: string): { intro: string; groups: readonly Group[] } {
  let intro = '';
  const groups: Group[] = [];
  let said: string[] = [];
  for (const line of text.split('\n')) {
    const title = /^# (.*?) -{3,}$/.exec(line);
    const variable = /^#([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (title !== null) {
      groups.push({ title: title[1]!, variables: [] });
    } else if (variable !== null) {
      const [, name, example] = variable;
      if (said.length === 0) throw new Error(`.env.example says nothing of ${name}`);
      groups.at(-1)!.variables.push({ name: name!, example: example!, meaning: said.join(' ') });
      said = [];
    } else if (line.startsWith('# ')) said.push(line.slice(2));
    else if (said.length > 0) {
      intro = `${intro} ${said.join(' ')}`.trim();
      said = [];
    }
  }
  return { intro, groups };
}
