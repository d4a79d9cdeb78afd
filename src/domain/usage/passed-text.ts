/** What the bytes of a text amount to in tokens, if no tokenizer has counted them. */

/** The most tokens that so many bytes of text can be expected to be. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

const bytesPerToken = 3;
