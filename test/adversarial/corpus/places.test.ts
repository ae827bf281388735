/** The corpus: paths that lead out, variables that reach in, workspaces that hold traps. */
import { parts, testPart } from './part.ts';

testPart('the corpus: places', '--only', parts.places);
