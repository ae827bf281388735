/** The thread in which one database is read. In: a copy of it, with bounds. Out: one message, of what it holds or why it cannot be read. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Told, Work } from './database-apart.ts';
import { readDatabase } from './database-reader.ts';

const { file, variance, bounds } = workerData as Work;
let told: Told;
try {
  const read = readDatabase(file, variance, bounds);
  const { counts, left, slow } = variance;
  told = { kind: 'read', read, variance: { counts, left, slow } };
} catch (error) {
  told = { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
}
parentPort?.postMessage(told);
