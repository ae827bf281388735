/** The `run` list. In: its tokens. Out: the executable as written, and the template of everything after it. Never: an executable that a caller has a say in, or a parameter that is declared and goes nowhere. */
import type { StandardInput, Token } from '../core/command.ts';
import type { Findings } from './diagnose.ts';
import type { TokenField } from './inventory-schema.ts';
import type { Path } from './source.ts';
import { namesInStdin } from './stdin/read-stdin.ts';
import { type Declared, namesOf, parseText, readToken } from './template.ts';
import { bytesFrom } from './validators.ts';

/** Null where the list is wrong; the findings say why. `stdin` is what becomes standard input. */
export function readRun(
  run: readonly TokenField[],
  declared: Declared,
  stdin: StandardInput | null,
  at: Path,
  findings: Findings,
  unused: 'is wrong' | 'may leave parameters out' = 'is wrong',
): { readonly executable: string; readonly template: readonly Token[] } | null {
  const field = String(at.at(-1));
  const [first, ...rest] = run;
  let executable: string | null = null;
  const parsed = typeof first === 'string' ? parseText(first) : null;
  if (parsed === null) {
    findings.error(
      [...at, 0],
      'executable',
      `${field} begins with the executable, as text`,
      `Write ${field}: [/usr/bin/name, …].`,
    );
  } else if (!parsed.ok) {
    findings.error([...at, 0], 'executable', `the executable ${parsed.problem}`, null);
  } else if (parsed.parts.some((part) => part.kind === 'parameter')) {
    findings.error(
      [...at, 0],
      'executable',
      'the executable cannot depend on a parameter or on the environment',
      'Declare one command for each executable.',
    );
  } else {
    executable = parsed.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    if (executable === '')
      findings.error([...at, 0], 'executable', 'the executable is empty', null);
  }
  const tokens = rest.map((field, index) =>
    readToken(field, declared, [...at, index + 1], findings),
  );
  const template = tokens.filter((token) => token !== undefined);
  const asBytes = bytesFrom({ stdin });
  const used = new Set([...template.flatMap(namesOf), ...namesInStdin(stdin)]);
  tokens.forEach((token, index) => {
    if (asBytes !== null && token !== undefined && namesOf(token).includes(asBytes)) {
      findings.error(
        [...at, index + 1],
        'stdin',
        `{${asBytes}} is standard input and cannot be an argument as well`,
        'Declare two parameters.',
      );
    }
  });
  // With a token missing, a parameter may only seem unused.
  if (unused === 'is wrong' && template.length === tokens.length) {
    const parameters = [...at.slice(0, -1), 'parameters'];
    for (const name of Object.keys(declared.parameters)) {
      if (used.has(name)) continue;
      findings.error(
        [...parameters, name],
        'unused-parameter',
        `the parameter ${name} is used nowhere`,
        `Use it in "run" as "{${name}}" or in "stdin", or remove it.`,
        'key',
      );
    }
  }
  return executable === null || template.length !== tokens.length ? null : { executable, template };
}
