/**
 * Real pipes for a child: Node's own are socket pairs, which a command cannot reopen as /dev/stdout. Each is a FIFO in
 * the private folder, used once, and unlinked before any process gets it, so nothing of one run reaches another.
 */
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

/** The first batch is small, so that nobody waits for it; each costs a process. */
const batches = { first: 30, later: 240 };
const chunkSize = 64 * 1024;

/** Has named pipes made ahead in batches, each for some ten runs. */
export class PipeSupply {
  readonly #folder: string;
  readonly #makePipes: (paths: readonly string[]) => Promise<void>;
  #ready: string[] = [];
  #made = 0;
  #making: Promise<void> | null = null;

  /** `makePipes`: everybody may open what it makes; the folder keeps everybody else away. */
  constructor(folder: string, makePipes: (paths: readonly string[]) => Promise<void>) {
    this.#folder = folder;
    this.#makePipes = makePipes;
  }

  /** Waits until so many are at hand, takes them, and starts on the next batch early. */
  async take(count: number): Promise<string[]> {
    while (this.#ready.length < count) await this.#make();
    const taken = this.#ready.splice(0, count);
    if (this.#ready.length < batches.first) void this.#make().catch(() => {});
    return taken;
  }

  /** Gives back names that were not opened. */
  discard(names: readonly string[]): void {
    this.#ready.push(...names.filter((name) => existsSync(name)));
  }

  #make(): Promise<void> {
    this.#making ??= this.#run().finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  async #run(): Promise<void> {
    const length = this.#made === 0 ? batches.first : batches.later;
    const names = Array.from({ length }, () => join(this.#folder, `p${this.#made++}`));
    // 0666 lets the sandbox's user reopen what it holds already.
    await this.#makePipes(names);
    this.#ready.push(...names);
  }
}

/** The reading side of a child's output. */
export interface Inlet {
  /** The writing end, for the child; close it here once the child has it. */
  readonly childEnd: number;
  /** Reads what is there now, without waiting, up to `atMost` bytes. Use after every writer is dead. */
  drain(atMost: number): void;
  destroy(): void;
}

/** Opens a pipe for reading. `onChunk` gets a view that is only valid during the call. */
export function openInlet(path: string, onChunk: (chunk: Uint8Array) => void): Inlet {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const childEnd = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  const buffer = Buffer.allocUnsafeSlow(chunkSize);
  let done = false;
  const socket = new Socket({
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer,
      callback: (length) => {
        if (!done) onChunk(buffer.subarray(0, length));
        return true;
      },
    },
  });
  socket.on('error', () => {});
  socket.on('end', () => {
    done = true;
  });
  socket.resume();
  return {
    childEnd,
    drain(atMost) {
      for (let left = atMost; !done && !socket.destroyed && left > 0; ) {
        let length: number;
        try {
          length = readSync(fd, buffer, 0, chunkSize, null);
        } catch {
          return;
        }
        if (length === 0) return;
        left -= length;
        onChunk(buffer.subarray(0, length));
      }
    },
    destroy() {
      done = true;
      socket.destroy();
    },
  };
}

/** The writing side of a child's input. */
export interface Outlet {
  /** The reading end, for the child; close it here once the child has it. */
  readonly childEnd: number;
  destroy(): void;
}

/** Opens a pipe that holds `bytes` and then ends. What the pipe does not take at once follows as the child reads. */
export function openOutlet(path: string, bytes: Uint8Array): Outlet {
  const feed = openFeed(path);
  feed.give(bytes);
  return feed;
}

/** The writing side of a pipe whose content comes later. */
export interface Feed extends Outlet {
  /** All that it will hold. Once; nothing happens after `destroy`. */
  give(bytes: Uint8Array): void;
}

export function openFeed(path: string): Feed {
  // Opened for both first: the child's end must block when it reads, and must not wait for a writer when it opens.
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const childEnd = openSync(path, constants.O_RDONLY);
  let fd: number | null = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  closeSync(both);
  unlinkSync(path);
  let socket: Socket | null = null;
  const close = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  return {
    childEnd,
    give(bytes) {
      if (fd === null) return;
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(fd, bytes, written);
      } catch {
        // Full: the socket waits for room. Or nobody reads any more, and the socket finds that out.
      }
      if (written === bytes.length) return close();
      socket = new Socket({ fd, readable: false, writable: true });
      fd = null;
      // A command that does not read its input to the end is not at fault.
      socket.on('error', () => {});
      socket.end(bytes.subarray(written));
    },
    destroy() {
      close();
      socket?.destroy();
    },
  };
}

/** What a child waits at until it is let in. */
export interface Gate {
  /** Both ends in one, so that it never reads an end of file: a gateway that dies lets nobody in. */
  readonly childEnd: number;
  open(): void;
  destroy(): void;
}

export function openGate(path: string): Gate {
  const childEnd = openSync(path, constants.O_RDWR);
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  unlinkSync(path);
  let closed = false;
  const destroy = (): void => {
    if (!closed) closeSync(fd);
    closed = true;
  };
  return {
    childEnd,
    open() {
      try {
        // A line, for those who read one.
        if (!closed) writeSync(fd, 'x\n');
      } catch {
        // Nobody waits any more: it was ended meanwhile.
      }
      destroy();
    },
    destroy,
  };
}
