/**
 * The seccomp program of every sandboxed command. In: the processor's architecture. Out: classic BPF, as bubblewrap's
 * `--seccomp` reads it. Never: a program for another architecture than the one that it runs on.
 */
import { filteredCalls, modeCalls, refusedCalls } from './seccomp-calls.ts';

const loadWord = 0x20;
const jumpIfEqual = 0x15;
const jumpIfAtLeast = 0x35;
const jumpIfAnyBit = 0x45;
const answer = 0x06;

const allow = 0x7fff0000;
const killProcess = 0x80000000;
const errno = (code: number): number => 0x00050000 | code;
const EPERM = 1;
const ENOSYS = 38;
const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;

// struct seccomp_data, little-endian: the low half of an argument comes first.
const offsetOfNumber = 0;
const offsetOfArch = 4;
const lowHalfOfArgument = (index: number): number => 16 + 8 * index;

/** unix, inet, inet6, netlink. Everything else (vsock!) is not held by the network namespace. */
const socketFamilies = [1, 2, 10, 16];
/** TIOCSTI types into a terminal, TIOCLINUX pastes into one. Compared on 32 bits: the kernel ignores the rest. */
const refusedIoctls = [0x5412, 0x541c];
/** CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET. */
const namespaceFlags = 0x7e020000;
const x32Bit = 0x40000000;
/** S_ISUID | S_ISGID. */
const identityBits = 0o6000;
/** O_CREAT | __O_TMPFILE: without either the mode is not looked at, and may be anything. */
const creatingFlags = 0o100 | 0o20000000;

export type SeccompArch = 'x64' | 'arm64';
const auditArch: Readonly<Record<SeccompArch, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** True where a program can be written for the architecture (`process.arch`). */
export function isSeccompArch(arch: string): arch is SeccompArch {
  return arch === 'x64' || arch === 'arm64';
}

/** The program's bytes: 8-byte little-endian instructions. */
export function seccompProgram(arch: SeccompArch): Uint8Array {
  const program = instructions(arch);
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(([code, ifTrue, ifFalse, value], index) => {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, ifTrue);
    bytes.setUint8(index * 8 + 3, ifFalse);
    bytes.setUint32(index * 8 + 4, value >>> 0, true);
  });
  return new Uint8Array(bytes.buffer);
}

function instructions(arch: SeccompArch): readonly Instruction[] {
  const column = arch === 'x64' ? 0 : 1;
  const load = (offset: number): Instruction => [loadWord, 0, 0, offset];
  const reply = (value: number): Instruction => [answer, 0, 0, value];
  // Each check carries its own answer, so no jump is ever longer than its 8 bits.
  const refuse = (call: number, value: number): Instruction[] => [
    [jumpIfEqual, 0, 1, call],
    reply(value),
  ];
  const filtered = (call: number, body: readonly Instruction[]): Instruction[] => [
    [jumpIfEqual, 0, body.length, call],
    ...body,
  ];
  const family = [
    load(lowHalfOfArgument(0)),
    ...socketFamilies.flatMap((f) => refuse(f, allow)),
    reply(errno(EAFNOSUPPORT)),
  ];
  return [
    load(offsetOfArch),
    [jumpIfEqual, 1, 0, auditArch[arch]],
    reply(killProcess),
    load(offsetOfNumber),
    // x32 calls carry the same arch as x86_64 ones and other numbers.
    ...(arch === 'x64'
      ? ([[jumpIfAtLeast, 0, 1, x32Bit], reply(errno(ENOSYS))] as Instruction[])
      : []),
    // clone3 and openat2 hide their flags behind a pointer; libraries fall back to clone and openat on ENOSYS.
    ...refuse(filteredCalls.clone3[column], errno(ENOSYS)),
    ...refuse(filteredCalls.openat2[column], errno(ENOSYS)),
    // It takes a disk's whole space in a moment, faster than growth can be looked at. File systems without it answer
    // this too, and the C library's posix_fallocate then writes.
    ...refuse(filteredCalls.fallocate[column], errno(EOPNOTSUPP)),
    ...Object.values(refusedCalls).flatMap((numbers) => {
      const call = numbers[column];
      return call === null ? [] : refuse(call, errno(EPERM));
    }),
    ...filtered(filteredCalls.clone[column], [
      load(lowHalfOfArgument(0)),
      [jumpIfAnyBit, 0, 1, namespaceFlags],
      reply(errno(EPERM)),
      reply(allow),
    ]),
    ...filtered(filteredCalls.ioctl[column], [
      load(lowHalfOfArgument(1)),
      ...refusedIoctls.flatMap((request) => refuse(request, errno(EPERM))),
      reply(allow),
    ]),
    ...Object.values(modeCalls).flatMap(({ numbers, mode, flags }) => {
      const call = numbers[column];
      if (call === null || call === undefined) return [];
      return filtered(call, [
        ...(flags === null
          ? []
          : ([
              load(lowHalfOfArgument(flags)),
              [jumpIfAnyBit, 1, 0, creatingFlags],
              reply(allow),
            ] as Instruction[])),
        load(lowHalfOfArgument(mode)),
        [jumpIfAnyBit, 0, 1, identityBits],
        reply(errno(EPERM)),
        reply(allow),
      ]);
    }),
    ...filtered(filteredCalls.socket[column], family),
    ...filtered(filteredCalls.socketpair[column], family),
    reply(allow),
  ];
}
