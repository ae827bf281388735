/** The runbooks of a gateway that opens itself when it is first asked for something. Never: opened by itself; that is the gateway's. */
import type { RunbookDesk } from '../../runbooks/desk.ts';

export function lazyRunbooks(opening: () => Promise<RunbookDesk>): RunbookDesk {
  return {
    list: async (...given) => (await opening()).list(...given),
    plan: async (...given) => (await opening()).plan(...given),
    rehearse: async (...given) => (await opening()).rehearse(...given),
    start: async (...given) => (await opening()).start(...given),
    runs: async (...given) => (await opening()).runs(...given),
    show: async (...given) => (await opening()).show(...given),
    entries: async (...given) => (await opening()).entries(...given),
    watch: async function* (...given) {
      yield* (await opening()).watch(...given);
    },
    pause: async (...given) => (await opening()).pause(...given),
    resume: async (...given) => (await opening()).resume(...given),
    cancel: async (...given) => (await opening()).cancel(...given),
    confirm: async (...given) => (await opening()).confirm(...given),
    retry: async (...given) => (await opening()).retry(...given),
    skip: async (...given) => (await opening()).skip(...given),
    resolve: async (...given) => (await opening()).resolve(...given),
    rollback: async (...given) => (await opening()).rollback(...given),
  };
}
