/** `reeve people enrol`: a one-time code on standard output; where it is entered and until when beside it. */
import { visibleLine } from '../../../core/text.ts';
import { timeOf } from '../../answer.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const person = input.operands[0]!;
  const connection = await connect(context);
  try {
    const desk = connection.gateway.credentials;
    const { code, page, expiresAt } = await desk.createEnrolmentCode(connection.caller(), person);
    if (options.output === 'json') {
      await screen.printJson({ code, page, expiresAt: timeOf(expiresAt) });
      return exitCodes.ok;
    }
    await screen.print(`${code}\n`);
    await screen.say(
      `${visibleLine(person)} enters it at ${page ?? 'the page /enrol, once publicUrl in reeve.yaml names the address under which people reach reeve serve'}.\n` +
        `It is good once, until ${localIso(expiresAt)}, and takes the place of an earlier code. Give it to nobody else: whoever enters it first approves as ${visibleLine(person)}.\n`,
    );
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
