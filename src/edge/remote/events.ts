/** Server-sent events as they come. In: the bytes of a stream. Out: event name and data. Never: a line without end in memory. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Characters that one event may have: far above any chunk of output, far below what hurts. */
const longest = 64 * 2 ** 20;

/** By the HTML standard's rules, as far as Reeve uses them: names, data over several lines, comments, CR and LF. */
export async function* serverEvents(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    if (rest.length > longest) throw new RangeError('an event of the stream is too long');
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0)
          yield { event: event === '' ? 'message' : event, data: data.join('\n') };
        event = '';
        data = [];
        size = 0;
        continue;
      }
      const [field, value] = fieldOf(line);
      size += line.length;
      if (size > longest) throw new RangeError('an event of the stream is too long');
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
