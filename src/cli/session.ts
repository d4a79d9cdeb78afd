/** Opens a connection for one command and closes it afterwards. */

import { connect, type Connection } from "./connection.ts";
import type { CommandContext } from "./context.ts";
import { inOptionWords, type OptionWords } from "./option-words.ts";
import { whileWaiting } from "./terminal/progress.ts";
import { allWithoutControls } from "./terminal/width.ts";
import { targetOf, type TargetOptions } from "./option.ts";

export interface SessionOptions {
  readonly target: TargetOptions;
  /** Whether the data folder may be created. */
  readonly create?: boolean;
  /** Whether to use an empty folder if there is none: the command stores nothing. */
  readonly standIn?: boolean;
  /** The work runs until it is stopped and draws itself, as `top` does: no progress is shown. */
  readonly isWatch?: boolean;
  /** The options that correspond to the fields of its requests. */
  readonly words?: OptionWords;
}

/** Runs the work with a connection, and closes it even if the work fails. */
export async function withConnection<Result>(
  context: CommandContext,
  options: SessionOptions,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const target = await targetOf(options.target, context);
  const connection = await connect({
    target,
    openFolder: (folder) => context.parts.openFolder(folder, options.target.config),
    create: options.create === true,
    standIn: options.standIn === true,
  });
  try {
    const shown = options.target.json === true ? connection : printableOnly(connection);
    if (options.isWatch === true) return await work(shown);
    const label =
      connection.mode === "server"
        ? `Waiting for ${connection.where}`
        : `Reading ${connection.where}`;
    return await whileWaiting(context.screen.notes, label, work(shown));
  } catch (error) {
    throw inOptionWords(error, options.words ?? {});
  } finally {
    await connection.close();
  }
}

/** Its answers have names from outside, such as models of callers and of published lists. */
function printableOnly(connection: Connection): Connection {
  return {
    ...connection,
    async request(...asked) {
      const answer = await connection.request(...asked);
      return { ...answer, json: allWithoutControls(answer.json) };
    },
  };
}

export function printJson(context: CommandContext, value: unknown): void {
  context.screen.out.write(`${JSON.stringify(value, null, 2)}\n`);
}
