/** @returns The text, or as many of its first characters and "..." where it is longer: for messages that quote what somebody sent. */
export function shorten(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}...` : text;
}
