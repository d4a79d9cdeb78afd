/** Draws a share as a bar of block characters. */

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/**
 * @param share Limited to 0 to 1. A share above 0 has at least the thinnest block.
 * @param cells The width of a full bar.
 */
export function bar(share: number, cells: number): string {
  const bounded = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  const parts = bounded > 0 ? Math.max(1, Math.round(bounded * cells * 8)) : 0;
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "");
}

/** A bar padded with dots to the width of `cells`. */
export function gauge(share: number, cells: number): string {
  return bar(share, cells).padEnd(cells, "·");
}
