/** Operation ids: callers choose them, so an id means another operation for each key. */

/** Ids that callers choose have no space, so that the id and its key cannot run into each other. */
const separator = " ";

/** Calls without a key share one space of ids, apart from those of every key. */
export const anonymousOwner = "anonymous";

/**
 * The operation that a key means by an id, as the ledger knows it.
 *
 * @param owner The id of the key; null for an administrator whose secret is no key of the ledger.
 */
export function operationOf(id: string, owner: string | null): string {
  return owner === null ? id : id + separator + owner;
}

/** The id as its caller sent it. */
export function idOfOperation(operationId: string): string {
  const end = operationId.indexOf(separator);
  return end < 0 ? operationId : operationId.slice(0, end);
}

/** Bounds of the text of all operations that have this id, but the one that is the id itself: from `first`, below `end`. */
export function operationsWithId(id: string): { readonly first: string; readonly end: string } {
  return { first: id + separator, end: id + String.fromCharCode(separator.charCodeAt(0) + 1) };
}
