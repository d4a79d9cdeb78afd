/** Formats a JSON log line for people: time, level, message and remaining fields. */

const levels: readonly (readonly [least: number, name: string])[] = [
  [50, "error"],
  [40, "warning"],
  [30, "info"],
  [0, "debug"],
];

/** @param line JSON, as written by the logger. */
export function logText(line: string): string {
  const { level, time, msg, err, ...facts } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const name = levels.find(([least]) => Number(level) >= least)?.[1] ?? "info";
  const rest = Object.entries(facts)
    .filter(([, value]) => !String(msg).includes(String(value)))
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${new Date(Number(time)).toISOString().slice(0, 19)}Z ${name}  ${String(msg)}${rest.join("")}\n${errorText(err)}`;
}

/** The stack of an error, which is only present for bugs. */
function errorText(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { stack, message } = error as { readonly stack?: unknown; readonly message?: unknown };
  const text = [stack, message].find((one) => typeof one === "string" && one !== "");
  return typeof text === "string" ? `${text.replaceAll(/^/gm, "  ")}\n` : "";
}
