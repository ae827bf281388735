/** Archives with awkward members (links, `..`, absolute names), as plain ustar. In: members. Out: the archive's bytes. */
export interface TarMember {
  readonly name: string;
  readonly content?: string;
  readonly symlink?: string;
  readonly hardlink?: string;
  readonly mode?: number;
  readonly folder?: boolean;
}

const block = 512;

export function makeTar(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(memberOf), Buffer.alloc(2 * block)]);
}

function memberOf(member: TarMember): Buffer {
  const content = Buffer.from(member.content ?? '', 'utf8');
  const link = member.symlink ?? member.hardlink ?? '';
  const type =
    member.symlink !== undefined
      ? '2'
      : member.hardlink !== undefined
        ? '1'
        : member.folder
          ? '5'
          : '0';
  const header = Buffer.alloc(block);
  const put = (text: string, at: number, room: number) => {
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length > room) throw new Error(`"${text}" is too long for an archive member`);
    bytes.copy(header, at);
  };
  const octal = (value: number, at: number, room: number) =>
    put(`${value.toString(8).padStart(room - 1, '0')}\0`, at, room);
  put(member.name, 0, 100);
  octal(member.mode ?? 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.fill(' ', 148, 156);
  put(type, 156, 1);
  put(link, 157, 100);
  put('ustar\0', 257, 6);
  put('00', 263, 2);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  const padding = Buffer.alloc((block - (content.length % block)) % block);
  return Buffer.concat([header, content, padding]);
}
