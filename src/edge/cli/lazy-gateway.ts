/**
 * A gateway that opens itself when it is first asked for something, so that `reeve mcp` answers `initialize` before
 * policy and store are loaded. Never: opened twice; a failure to open is every call's failure.
 */
import type { Gateway } from '../../gateway/gateway.ts';

export interface LazyGateway {
  readonly gateway: Gateway;
  /** Opens it now, if nothing has yet. */
  open(): Promise<Gateway>;
}

export function lazyGateway(opening: () => Promise<Gateway>): LazyGateway {
  let opened: Promise<Gateway> | null = null;
  const open = () => {
    opened ??= opening();
    return opened;
  };
  const gateway: Gateway = {
    log: {
      key: async (...given) => (await open()).log.key(...given),
      checkpoint: async (...given) => (await open()).log.checkpoint(...given),
      witnessed: async (...given) => (await open()).log.witnessed(...given),
      tile: async (...given) => (await open()).log.tile(...given),
    },
    retention: {
      due: async (...given) => (await open()).retention.due(...given),
      prune: async (...given) => (await open()).retention.prune(...given),
      holds: async (...given) => (await open()).retention.holds(...given),
      placeHold: async (...given) => (await open()).retention.placeHold(...given),
      releaseHold: async (...given) => (await open()).retention.releaseHold(...given),
      check: async (...given) => (await open()).retention.check(...given),
    },
    assurance: {
      run: async (...given) => (await open()).assurance.run(...given),
      list: async (...given) => (await open()).assurance.list(...given),
      show: async (...given) => (await open()).assurance.show(...given),
      waive: async (...given) => (await open()).assurance.waive(...given),
    },
    rehearsals: {
      prepare: async (...given) => (await open()).rehearsals.prepare(...given),
      run: async (...given) => (await open()).rehearsals.run(...given),
    },
    approvals: {
      list: async (...given) => (await open()).approvals.list(...given),
      show: async (...given) => (await open()).approvals.show(...given),
      challenge: async (...given) => (await open()).approvals.challenge(...given),
      answer: async (...given) => (await open()).approvals.answer(...given),
      withdraw: async (...given) => (await open()).approvals.withdraw(...given),
    },
    credentials: {
      tokens: async (...given) => (await open()).credentials.tokens(...given),
      createToken: async (...given) => (await open()).credentials.createToken(...given),
      revokeToken: async (...given) => (await open()).credentials.revokeToken(...given),
      passkeys: async (...given) => (await open()).credentials.passkeys(...given),
      revokePasskey: async (...given) => (await open()).credentials.revokePasskey(...given),
      createEnrolmentCode: async (...given) =>
        (await open()).credentials.createEnrolmentCode(...given),
      people: async (...given) => (await open()).credentials.people(...given),
    },
    submit: async (...given) => (await open()).submit(...given),
    refuse: async (...given) => (await open()).refuse(...given),
    wait: async (...given) => (await open()).wait(...given),
    cancel: async (...given) => (await open()).cancel(...given),
    plan: async (...given) => (await open()).plan(...given),
    execution: async (...given) => (await open()).execution(...given),
    output: async (...given) => (await open()).output(...given),
    watch: async function* (...given) {
      yield* (await open()).watch(...given);
    },
    entries: async (...given) => (await open()).entries(...given),
    why: async (...given) => (await open()).why(...given),
    entry: async (...given) => (await open()).entry(...given),
    audit: async (...given) => (await open()).audit(...given),
    inventory: async (...given) => (await open()).inventory(...given),
    health: async () => (await open()).health(),
    freeze: async (...given) => (await open()).freeze(...given),
    unfreeze: async (...given) => (await open()).unfreeze(...given),
    reload: async (...given) => (await open()).reload(...given),
    close: async () => {
      if (opened !== null) await (await opened).close();
    },
  };
  return { gateway, open };
}
