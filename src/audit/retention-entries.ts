/**
 * The entries of retention: what expired, and what is held. In: what happened. Out: drafts for the store. Pure. Must
 * never: hold anything of what expired.
 */
import type { EntryDraft, EntryKind } from '../core/entry.ts';
import { deepFreeze, type JsonObject } from '../core/json.ts';
import type { Expired, Hold } from '../core/retention.ts';
import type { HoldPlacedBody, HoldReleasedBody, PayloadsExpiredBody } from './bodies.ts';
import { bounded, bounds } from './bounds.ts';

/** `by` is who asked for it; null where the gateway did it by itself. */
export function payloadsExpired(at: number, by: string | null, expired: Expired): EntryDraft {
  const { what, keepMs, count, until } = expired;
  const body: PayloadsExpiredBody = { rule: name(expired.rule), what, keepMs, count, until };
  return draft('payloads-expired', at, by, null, body);
}

export function holdPlaced(hold: Hold): EntryDraft {
  const { requestId, command, principal, environment, since, until } = hold.holds;
  const body: HoldPlacedBody = {
    hold: name(hold.id),
    reason: bounded(hold.reason, bounds.message),
    requestId: nameOrNull(requestId),
    command: nameOrNull(command),
    principal: nameOrNull(principal),
    environment: nameOrNull(environment),
    since,
    until,
  };
  return draft('hold-placed', hold.placedAt, hold.placedBy, null, body);
}

export function holdReleased(
  at: number,
  by: string,
  released: { readonly hold: string; readonly reason: string },
): EntryDraft {
  const body: HoldReleasedBody = {
    hold: name(released.hold),
    reason: bounded(released.reason, bounds.message),
  };
  return draft('hold-released', at, by, null, body);
}

const name = (text: string): string => bounded(text, bounds.name);
const nameOrNull = (text: string | null): string | null => (text === null ? null : name(text));

function draft(
  kind: EntryKind,
  at: number,
  principal: string | null,
  requestId: string | null,
  body: JsonObject,
): EntryDraft {
  const by = principal === null ? null : name(principal);
  return deepFreeze({ kind, at, requestId, principal: by, body });
}
