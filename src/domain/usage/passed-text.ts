/** Estimates the tokens of a text from its bytes, for when no tokenizer has counted it. */

/** An upper estimate of the tokens in this many bytes of text. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

const bytesPerToken = 3;
