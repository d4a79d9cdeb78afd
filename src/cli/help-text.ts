/** Wraps help to the terminal: text between words, examples with a backslash. */

import { wrapCommand, wrapText } from "./terminal/wrap.ts";

/** @param text Unwrapped help. The indented lines under "Examples:" are commands. */
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
