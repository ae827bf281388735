/** The corpus: arguments that would make a program do something else. */
import { parts, testPart } from './part.ts';

testPart('the corpus: injected arguments', '--only', parts.injection);
