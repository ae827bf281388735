/** A server that takes connections. Nothing is sent. */
import type { HostPort } from '../../core/dependency.ts';
import { connect } from './connection.ts';
import { available, type Finding, type Progress } from './finding.ts';

export async function lookAtTcp(
  place: HostPort,
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  (await connect(place, progress, signal)).destroy();
  return available;
}
