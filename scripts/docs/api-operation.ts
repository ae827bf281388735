/**
 * One operation of the contract. In: what openapi.yaml says of it. Out: HTML: what it takes, what it answers, an example.
 * Never: a status or code left out.
 */
import { isErrorCode } from '../../src/core/errors.ts';
import { example } from './api-example.ts';
import { bounds, fields, kind, nameOf, type Schema } from './api-schema.ts';
import { breakable, escaped } from './escaped.ts';
import { highlight } from './highlight.ts';

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly required?: boolean;
}
interface Answer extends Body {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, { readonly $ref?: string }>>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}
interface Described {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Answer>>;
}
export interface OpenApi {
  readonly info: { readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly headers: Readonly<Record<string, { readonly description?: string }>>;
    readonly securitySchemes: { readonly token: { readonly description: string } };
  };
}
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly said: Described;
}

export function operationsOf(api: OpenApi): readonly Operation[] {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, said]) => ({
      id: said.operationId,
      method,
      path,
      summary: said.summary,
      description: said.description ?? '',
      said,
    })),
  );
}

const groups: readonly (readonly [start: string, group: string])[] = [
  ['/v1/commands/audit', 'The record'],
  ['/v1/audit', 'The record'],
  ['/v1/inventory', 'Commands'],
  ['/v1/commands', 'Commands'],
  ['/v1/approvals', 'Approvals'],
  ['/v1/runbooks', 'Runbooks'],
  ['/v1/assurance', 'Assurance'],
  ['/v1/tokens', 'People and tokens'],
  ['/v1/people', 'People and tokens'],
  ['/v1/passkeys', 'People and tokens'],
  ['/.well-known', 'People and tokens'],
  ['/v1/retention', 'Retention'],
];

export function groupOf({ said, path }: Operation): string {
  return said.tags?.[0] ?? groups.find(([start]) => path.startsWith(start))?.[1] ?? 'The gateway';
}

export function operationHtml(operation: Operation, api: OpenApi): string {
  const { id, method, path, summary, description, said } = operation;
  const open = said.security?.some((s) => Object.keys(s).length === 0) ?? false;
  return `<section class="operation">
<h3 id="${escaped(id)}">${escaped(summary)} <a class="anchor" href="#${escaped(id)}" aria-label="Link to this operation: ${escaped(summary)}">#</a></h3>
<p class="call"><span class="method ${method}">${method.toUpperCase()}</span> <code>${escaped(path).replaceAll('/', '/<wbr>')}</code>${open ? ' <span class="open">no token</span>' : ''} <span class="id">${escaped(id)}</span></p>
${description === '' ? '' : `<p>${escaped(description)}</p>`}
${parameters(said.parameters ?? [])}${body(said.requestBody, api)}${answers(said, api)}${sample(operation, api)}
</section>`;
}

function parameters(each: readonly Parameter[]): string {
  if (each.length === 0) return '';
  const rows = each.map((p) => {
    const note = [
      p.description === undefined ? '' : escaped(p.description),
      bounds(p.schema ?? {}),
    ];
    const text = note.filter((n) => n !== '').join(' ');
    return `<li><code class="name">${escaped(p.name)}</code> <span class="kind">${escaped(p.in)}, ${kind(p.schema ?? {})}</span>${p.required === true ? ' <span class="need">always</span>' : ''}${text === '' ? '' : `<div class="note">${text}</div>`}</li>`;
  });
  return `<h4>Parameters</h4><ul class="fields">${rows.join('')}</ul>`;
}

function body(request: Body | undefined, api: OpenApi): string {
  const schema = request?.content?.['application/json']?.schema;
  if (schema === undefined) return '';
  return `<h4>Body</h4><p class="kind">${kind(schema)}${request?.required === true ? '' : ', may be left out'}</p>${fields(resolved(schema, api))}`;
}

function answers(said: Described, api: OpenApi): string {
  const rows = Object.entries(said.responses).map(([status, answer]) => {
    if (answer.$ref !== undefined)
      return `<tr><td>other</td><td>a problem: <a href="#schema-Problem">Problem</a></td></tr>`;
    const kinds = Object.entries(answer.content ?? {}).map(
      ([type, { schema }]) =>
        `${schema === undefined ? '' : kind(schema)} <span class="type">${escaped(type)}</span>`,
    );
    const told = Object.keys(answer.headers ?? {})
      .map((name) => {
        const about = api.components.headers[name]?.description ?? '';
        return `<code title="${escaped(about)}">${escaped(name)}</code>`;
      })
      .join(', ');
    const parts = [
      coded(answer.description ?? ''),
      kinds.join(' or '),
      told === '' ? '' : `headers ${told}`,
    ];
    return `<tr><td><span class="status s${status[0]}">${escaped(status)}</span></td><td>${parts
      .filter((p) => p !== '')
      .map((p) => `<div>${p}</div>`)
      .join('')}</td></tr>`;
  });
  return `<h4>Answers</h4><div class="table" role="region" tabindex="0" aria-label="Answers"><table class="answers"><tbody>${rows.join('')}</tbody></table></div>`;
}

/** Error codes in a description lead to what they mean. */
function coded(description: string): string {
  const codes = description.split(', ');
  return codes.every(isErrorCode)
    ? codes.map((c) => `<a href="#error-${c}"><code>${breakable(c)}</code></a>`).join(', ')
    : escaped(description);
}

function sample({ method, path, said }: Operation, api: OpenApi): string {
  const schemas = api.components.schemas;
  const request = said.requestBody?.content?.['application/json']?.schema;
  const open = said.security?.some((s) => Object.keys(s).length === 0) ?? false;
  const needed = (said.parameters ?? []).filter((p) => p.in === 'query' && p.required === true);
  const query = needed.length === 0 ? '' : `?${needed.map((p) => `${p.name}=…`).join('&')}`;
  const lines = [
    `curl -s${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$REEVE_URL${path.replace(/\{(\w+)\}/g, (_a, name: string) => `$${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`)}${query}"`,
  ];
  if (!open) lines.push('-H "Authorization: Bearer $REEVE_TOKEN"');
  if (request !== undefined) {
    const value = JSON.stringify(example(request, schemas));
    lines.push("-H 'Content-Type: application/json'", `-d '${value.replaceAll("'", "'\\''")}'`);
  }
  const [status, success] = Object.entries(said.responses).find(([s]) => s.startsWith('2')) ?? [];
  const schema = success?.content?.['application/json']?.schema;
  const back =
    schema === undefined
      ? ''
      : `<p class="kind">${escaped(status!)}, with the fields that are always there; the values are made up</p>${code(JSON.stringify(example(schema, schemas), null, 2), 'json')}`;
  return `<details><summary>Example</summary>${code(lines.join(' \\\n  '), 'sh')}${back}</details>`;
}

function code(text: string, language: string): string {
  return `<div class="code" data-language="${language}"><pre tabindex="0"><code>${highlight(text, language)}</code></pre></div>`;
}

function resolved(schema: Schema, api: OpenApi): Schema {
  return schema.$ref === undefined ? schema : (api.components.schemas[nameOf(schema.$ref)] ?? {});
}
