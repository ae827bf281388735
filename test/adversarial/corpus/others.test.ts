/** The corpus: everything that has no part of its own, classes that are new among it. */
import { parts, testPart } from './part.ts';

testPart('the corpus: everything else', '--except', Object.values(parts).flat());
