/** What the pages about files say besides what the schemas say: headings, an introduction, a whole file as an example. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstInventory, firstSettings } from '../../../src/edge/cli/first-configuration.ts';
import type { FilePageText } from './file-page.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const editors = (
  schema: string,
) => `Editors check the file while it is written, and complete names, if its first line names the schema (in VS Code
the YAML extension of Red Hat reads it; the path leads to where the package lies):

\`\`\`text
# yaml-language-server: $schema=/opt/reeve/schemas/${schema}
\`\`\`

The schema knows forms; \`reeve lint\` checks all of it, also what refers to something else.`;

export const fileTexts: Readonly<Record<string, FilePageText>> = {
  inventory: {
    heading: 'Reference: inventory.yaml',
    intro: `For whoever declares commands: every field of an inventory file, one table for each map. How they work together is in
[Inventory and settings](../inventory.md).

${editors('inventory.schema.json')}`,
    example: { says: 'The inventory that `reeve init` writes:', yaml: firstInventory },
    named: { '': 'The file', 'commands.NAME': 'A command' },
  },
  settings: {
    heading: 'Reference: reeve.yaml',
    intro: `For whoever sets a gateway up: every setting, one table for each map. What they mean for one another is in
[Inventory and settings](../inventory.md#reeveyaml). Some can be given by [variables](environment.md), which win over the file.

${editors('reeve.schema.json')}`,
    example: { says: 'The settings that `reeve init` writes:', yaml: firstSettings(null) },
    named: { '': 'The file' },
  },
  runbooks: {
    heading: 'Reference: runbooks.yaml',
    intro: `For whoever declares runbooks: every field of a file of runbooks, one table for each map. How a run goes is in
[Runbooks](../runbooks.md).

${editors('runbooks.schema.json')}`,
    example: {
      says: 'A runbook of the [Loco example](../quickstart-loco.md):',
      yaml: firstOf(read('examples/loco-app/runbooks/operations.yaml')),
    },
    named: { '': 'The file', 'runbooks.NAME': 'A runbook', 'runbooks.NAME.steps[]': 'A step' },
  },
  people: {
    heading: 'Reference: people.yaml',
    intro: `For whoever says who is who: every field of the people file. What people and roles are for is in
[Identity](../identity.md) and [Approvals](../approvals.md).

${editors('people.schema.json')}`,
    example: {
      says: 'The people of the quickstart:',
      yaml: read('examples/quickstart/people.yaml'),
    },
    named: { '': 'The file', 'people.NAME': 'A person' },
  },
};

/** The first entry alone: each begins with two blanks and its name. */
function firstOf(yaml: string): string {
  const [head, first] = yaml.split(/^(?= {2}[a-z][a-z0-9-]*:$)/m);
  return `${head}${first}`;
}
