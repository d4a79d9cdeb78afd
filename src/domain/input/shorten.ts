/** Shortens input quoted in a message: at most `characters` of it, then "..." if it is longer. */
export function shorten(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}...` : text;
}
