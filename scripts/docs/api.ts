/**
 * The page of the REST interface. In: openapi.yaml. Out: an article with every operation, its parameters, bodies, answers and
 * error codes, and every named schema. Never: an operation of the contract that is not on the page.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { errorTable as codes } from '../../src/core/errors.ts';
import {
  groupOf,
  type OpenApi,
  type Operation,
  operationHtml,
  operationsOf,
} from './api-operation.ts';
import { schemaAnchor, whole } from './api-schema.ts';
import { escaped } from './escaped.ts';
import type { Article, Heading, Passage } from './markdown.ts';
import { contract } from './pages.ts';

export function apiArticle(root: string): Article {
  const api = parse(readFileSync(join(root, contract), 'utf8')) as OpenApi;
  const groups = new Map<string, Operation[]>();
  for (const operation of operationsOf(api)) {
    const group = groupOf(operation);
    groups.set(group, [...(groups.get(group) ?? []), operation]);
  }
  const headings: Heading[] = [{ level: 1, text: 'API reference', anchor: 'api-reference' }];
  const passages: Passage[] = [
    { heading: 'API reference', anchor: '', text: api.info.description ?? '' },
  ];
  const html: string[] = [beginning(api)];
  const section = (text: string, anchor: string) => {
    headings.push({ level: 2, text, anchor });
    html.push(heading(2, escaped(text), anchor));
  };
  for (const [group, operations] of groups) {
    section(group, group.toLowerCase().replaceAll(' ', '-'));
    for (const operation of operations) {
      const { id, method, path, summary, description } = operation;
      headings.push({ level: 3, text: summary, anchor: id });
      passages.push({
        heading: summary,
        anchor: id,
        text: [method.toUpperCase(), path, id, description].join(' '),
      });
      html.push(operationHtml(operation, api));
    }
  }
  section('Error codes', 'error-codes');
  html.push(errorTable());
  section('Schemas', 'schemas');
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const anchor = schemaAnchor(name);
    passages.push({ heading: name, anchor, text: schema.description ?? 'schema' });
    html.push(
      `<section class="schema">${heading(3, `<code>${escaped(name)}</code>`, anchor)}${whole(schema)}</section>`,
    );
  }
  return {
    title: 'API reference',
    summary: 'Every operation of the REST interface: parameters, bodies, answers, error codes.',
    html: `${html.join('\n')}\n`,
    headings,
    passages,
    pictures: new Set(),
    troubles: [],
  };
}

function beginning(api: OpenApi): string {
  const token = api.components.securitySchemes.token.description;
  return `<h1 id="api-reference">API reference</h1>
<p>For those who call Reeve over HTTP: every operation of the contract, made from <a href="openapi.yaml" download>openapi.yaml</a>, version ${escaped(api.info.version)}. How it is used is told in <a href="rest.html">REST</a>.</p>
<p>${escaped(api.info.description ?? '')}</p>
<p>Every call carries <code>Authorization: Bearer TOKEN</code>, unless it is marked <span class="open">no token</span>. ${escaped(token)}</p>`;
}

export function heading(level: number, html: string, anchor: string): string {
  return `<h${level} id="${escaped(anchor)}">${html} <a class="anchor" href="#${escaped(anchor)}" aria-label="Link to this section">#</a></h${level}>`;
}

function errorTable(): string {
  const rows = Object.entries(codes).map(
    ([code, { http, meaning, remedy }]) =>
      `<tr id="error-${code}"><td><code>${code}</code></td><td>${http ?? 'in an answer'}</td><td>${escaped(meaning)} <em>${escaped(remedy)}</em></td></tr>`,
  );
  return `<div class="table" role="region" tabindex="0" aria-label="Table: error codes"><table class="errors"><thead><tr><th>code</th><th>status</th><th>what it means, and what to do</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
