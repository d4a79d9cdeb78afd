/** Formats numbers for people: counts, money, shares and durations. */

/** `1234567` as `1,234,567`; the decimals of a decimal string are unchanged. */
export function grouped(value: number | bigint | string): string {
  const [whole = "", fraction] = String(value).split(".");
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** `1 call`, `1,200 calls`. @param plural If it is not the noun with an "s". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** Decimals of an amount in text. */
const usualDecimals = 4;
/** Significant digits of an amount below a cent. */
const significantDigits = 2;

/**
 * An amount in USD for people: four decimals, or two significant digits below a cent. The format
 * does not depend on other amounts, so live views do not jitter.
 *
 * @param amount An exact decimal string; halves are rounded away from zero.
 */
export function dollars(amount: string): string {
  const { sign, whole, fraction } = parted(amount);
  const decimals = decimalsOf(whole, fraction);
  const digits = `${whole}${fraction.slice(0, decimals).padEnd(decimals, "0")}`;
  const rounded = BigInt(digits) + (Number(fraction[decimals] ?? "0") >= 5 ? 1n : 0n);
  const text = String(rounded).padStart(decimals + 1, "0");
  return `${rounded === 0n ? "" : sign}$${grouped(text.slice(0, -decimals))}.${text.slice(-decimals)}`;
}

/** An amount as {@link dollars}; without a sign in another currency, which the column names. */
export function moneyIn(currency: string, amount: string): string {
  return currency === "USD" ? dollars(amount) : dollars(amount).replace("$", "");
}

/** All decimals, at least two: for bills, so that the lines add up. */
export function exactDollars(amount: string, leastDecimals = 2): string {
  const { sign, whole, fraction } = parted(amount);
  return `${sign}$${grouped(whole)}.${fraction.padEnd(leastDecimals, "0")}`;
}

/** Amounts as {@link dollars}, padded to align their decimal points in a right-aligned column. */
export function dollarColumn(amounts: readonly string[]): readonly string[] {
  return atThePoint(amounts.map(dollars));
}

/** Exact amounts, all with the same number of decimals. */
export function exactDollarColumn(amounts: readonly string[]): readonly string[] {
  const decimals = Math.max(2, ...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  return amounts.map((amount) => exactDollars(amount, decimals));
}

/** Pads numbers after their decimals; a cell without a decimal point is unchanged. */
export function atThePoint(cells: readonly string[]): readonly string[] {
  const decimals = (cell: string): number => /\.(\d+)$/.exec(cell)?.[1]?.length ?? 0;
  const most = Math.max(0, ...cells.map(decimals));
  return cells.map((cell) =>
    decimals(cell) === 0 ? cell : `${cell}${" ".repeat(most - decimals(cell))}`,
  );
}

/** @param share 0 to 1, or above. */
export function percent(share: number): string {
  return `${grouped((share * 100).toFixed(1))} %`;
}

/** @param milliseconds Not negative. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${grouped(Math.floor(seconds / 3600))} h ${Math.floor((seconds % 3600) / 60)} min`;
}

interface Parted {
  readonly sign: "" | "-";
  readonly whole: string;
  readonly fraction: string;
}

function parted(amount: string): Parted {
  const isNegative = amount.startsWith("-");
  const [whole = "0", fraction = ""] = (isNegative ? amount.slice(1) : amount).split(".");
  return { sign: isNegative ? "-" : "", whole, fraction };
}

function decimalsOf(whole: string, fraction: string): number {
  const first = fraction.search(/[1-9]/);
  return /[1-9]/.test(whole) || first < 0
    ? usualDecimals
    : Math.max(usualDecimals, first + significantDigits);
}
