/** Everything that `npm run reference` writes. Out: the text of each file, by its path in the repository. Never: a file that is written and not here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesPage } from './entries-page.ts';
import { environmentPage } from './environment-page.ts';
import { errorsPage } from './errors-page.ts';
import { type Elsewhere, filePage } from './file-page.ts';
import { fileTexts } from './file-texts.ts';
import { metricsPage } from './metrics-page.ts';
import { editorSchema, fileForms, jsonSchemaOf } from './schema.ts';
import { layOut } from './sections.ts';

const root = join(import.meta.dirname, '../../..');

export async function referenceFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const inventory = fileForms.find(({ page }) => page === 'inventory')!;
  // Runbooks have parameters as commands do: they are told of once.
  const there: Elsewhere = {
    page: 'inventory',
    text: fileTexts.inventory!,
    layout: layOut(jsonSchemaOf(inventory.zod)),
  };
  for (const form of fileForms) {
    const elsewhere = form.page === 'runbooks' ? there : null;
    files.set(`docs/reference/${form.page}.md`, filePage(form, fileTexts[form.page]!, elsewhere));
    files.set(`schemas/${form.schemaFile}`, editorSchema(form));
  }
  files.set('docs/reference/errors.md', errorsPage());
  files.set(
    'docs/reference/environment.md',
    environmentPage(readFileSync(join(root, '.env.example'), 'utf8')),
  );
  files.set('docs/reference/metrics.md', await metricsPage());
  files.set('docs/reference/entries.md', entriesPage());
  return files;
}
