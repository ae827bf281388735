/** The corpus: what is called, and with which values; and honest calls that must go through. */
import { parts, testPart } from './part.ts';

testPart('the corpus: commands and values', '--only', parts.commands);
