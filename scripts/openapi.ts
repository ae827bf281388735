/** Writes openapi.yaml from the code. Out: the file at the repository's root. Never: an edit by hand that lasts. */
import { writeFileSync } from 'node:fs';
import { openApiYaml } from '../src/edge/rest/openapi.ts';
import { version } from '../src/version.ts';

const file = new URL('../openapi.yaml', import.meta.url);
writeFileSync(file, openApiYaml(version));
