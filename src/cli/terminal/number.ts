/** Figures as people read them: thousands set apart, money exact, shares and times short. */

/** `1234567` as `1,234,567`; decimals of a decimal string are left as they are. */
export function grouped(value: number | bigint | string): string {
  const [whole = "", fraction] = String(value).split(".");
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** An exact decimal string in USD as `$1,234.50`: at least two decimals, and never fewer than it has. */
export function dollars(amount: string, leastDecimals = 2): string {
  const negative = amount.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? amount.slice(1) : amount).split(".");
  return `${negative ? "-" : ""}$${grouped(whole)}.${fraction.padEnd(leastDecimals, "0")}`;
}

/** A column of amounts with as many decimals in each as the longest needs, so that the points stand under each other. */
export function dollarColumn(amounts: readonly string[]): readonly string[] {
  const decimals = Math.max(2, ...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  return amounts.map((amount) => dollars(amount, decimals));
}

/** @param share 0 to 1, or above. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** @param milliseconds Not negative. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
