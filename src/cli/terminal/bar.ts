/** A share as a bar of blocks. */

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/**
 * @param share Below 0 counts as 0, above 1 as 1; something that is not nothing shows at least the thinnest block.
 * @param cells The width of a full bar.
 */
export function bar(share: number, cells: number): string {
  const bounded = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  const parts = bounded > 0 ? Math.max(1, Math.round(bounded * cells * 8)) : 0;
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "");
}

/** The same with a track behind it, always `cells` wide. */
export function gauge(share: number, cells: number): string {
  return bar(share, cells).padEnd(cells, "·");
}
