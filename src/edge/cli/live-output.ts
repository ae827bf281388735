/**
 * A command's output on its way to our streams. In: bytes of anybody. Out: the same bytes into a pipe or file; on a
 * terminal, text whose control sequences are made visible. Never: a raw ESC on a terminal.
 */
import { visible } from '../../core/text.ts';

/** One stream's filter. State is kept between chunks: characters and line ends may be cut by them. */
export interface OutputFilter {
  pass(chunk: Uint8Array): string | Uint8Array;
  /** What was held back, at the end of the stream. */
  rest(): string;
}

export function outputFilter(terminal: boolean): OutputFilter {
  if (!terminal) return { pass: (chunk) => chunk, rest: () => '' };
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let held = '';
  const show = (text: string, last: boolean) => {
    let all = held + text;
    held = '';
    // \r\n is a line end; a lone \r would let a line overwrite what stood there. Which one it is shows in the next chunk.
    if (!last && all.endsWith('\r')) {
      held = '\r';
      all = all.slice(0, -1);
    }
    return visible(all.replaceAll('\r\n', '\n'));
  };
  return {
    pass: (chunk) => show(decoder.decode(chunk, { stream: true }), false),
    rest: () => show(decoder.decode(), true),
  };
}
