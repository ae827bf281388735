/** The schemas of the files that operators write, as JSON Schema 2020-12. In: the Zod schemas of src. Out: plain JSON. Never: a field that Reeve does not read. */
import { z } from 'zod';
import { inventorySchema } from '../../../src/inventory/inventory-schema.ts';
import { peopleSchema } from '../../../src/inventory/people.ts';
import { runbooksSchema } from '../../../src/inventory/runbooks/runbook-schema.ts';
import { settingsSchema } from '../../../src/inventory/settings-schema.ts';

/** What of JSON Schema our schemas use. */
export interface Part {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly required?: readonly string[];
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
  readonly oneOf?: readonly Part[];
  readonly additionalProperties?: Part | boolean;
  readonly propertyNames?: Part;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface FileForm {
  /** What its page and its schema are called by: docs/reference/NAME.md, schemas/NAME.schema.json. */
  readonly page: string;
  readonly schemaFile: string;
  readonly title: string;
  readonly zod: z.ZodType;
}

export const fileForms: readonly FileForm[] = [
  {
    page: 'inventory',
    schemaFile: 'inventory.schema.json',
    title: 'inventory.yaml of Reeve: the commands that can run',
    zod: inventorySchema,
  },
  {
    page: 'settings',
    schemaFile: 'reeve.schema.json',
    title: 'reeve.yaml of Reeve: its settings',
    zod: settingsSchema,
  },
  {
    page: 'runbooks',
    schemaFile: 'runbooks.schema.json',
    title: 'runbooks.yaml of Reeve: ordered steps over commands',
    zod: runbooksSchema,
  },
  {
    page: 'people',
    schemaFile: 'people.schema.json',
    title: 'people.yaml of Reeve: who is who',
    zod: peopleSchema,
  },
];

export function jsonSchemaOf(schema: z.ZodType): Part {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' }) as Part;
}

/** The text of a schema for editors. */
export function editorSchema({ title, zod }: FileForm): string {
  const { $schema, ...rest } = jsonSchemaOf(zod) as Record<string, unknown>;
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
