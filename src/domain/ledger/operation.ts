/** Operation ids. Callers choose them, so the same id from two keys means two operations. */

/** Callers' ids have no space, so it separates the id and the key unambiguously. */
const separator = " ";

/** Calls without a key share one space of ids, apart from those of every key. */
export const anonymousOwner = "anonymous";

/**
 * The ledger's operation id for a caller's id and key.
 *
 * @param owner The id of the key; null for an administrator whose secret is no key of the ledger.
 */
export function operationOf(id: string, owner: string | null): string {
  return owner === null ? id : id + separator + owner;
}

/** The id as sent by the caller. */
export function idOfOperation(operationId: string): string {
  const end = operationId.indexOf(separator);
  return end < 0 ? operationId : operationId.slice(0, end);
}

/**
 * Text range of all operations with this id, except the bare id itself: from `first`, below `end`.
 */
export function operationsWithId(id: string): { readonly first: string; readonly end: string } {
  return { first: id + separator, end: id + String.fromCharCode(separator.charCodeAt(0) + 1) };
}
