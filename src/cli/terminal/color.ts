/** Colours text on a terminal, unless `NO_COLOR` is set. */

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/**
 * @param environment Non-empty `NO_COLOR` (https://no-color.org) or `TERM=dumb` disables colour.
 */
export function paintFor(
  tty: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const on = tty && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
  const wrap = (open: number, close: number) => (text: string) =>
    on && text !== "" ? `\u{1b}[${open}m${text}\u{1b}[${close}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    cyan: wrap(36, 39),
  };
}
