/** The size of published price lists. */

/** The largest list so far has 2.6 MB. */
export const mostListBytes = 32 * 1024 * 1024;
