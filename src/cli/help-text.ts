/** Help that fits a terminal: text breaks between words, and an example as a shell takes it. */

import { wrapCommand, wrapText } from "./terminal/wrap.ts";

/** @param text As it is for a terminal that is wide enough. Commands are the lines set in under "Examples:". */
export function helpText(text: string, columns: number): string {
  let isExample = false;
  const lines = text.split("\n").map((line) => {
    if (/^\S/.test(line)) isExample = /^Examples?:/.test(line);
    return isExample && /^ +[^# ]/.test(line)
      ? wrapCommand(line, columns)
      : wrapText(line, columns);
  });
  return lines.join("\n");
}
