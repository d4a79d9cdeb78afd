/** A deterministic unit vector for a text, used as its embedding. */

/**
 * FNV-1a of the text seeds a linear congruential generator: the same text gives the same vector.
 */
export function vectorOf(text: string, dimensions: number): Float32Array {
  let state = 2166136261;
  for (let index = 0; index < text.length; index++)
    state = Math.imul(state ^ text.charCodeAt(index), 16777619);
  const vector = new Float32Array(dimensions);
  let square = 0;
  for (let index = 0; index < dimensions; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const value = state / 2147483648;
    vector[index] = value;
    square += value * value;
  }
  const length = Math.sqrt(square) || 1;
  return vector.map((value) => value / length);
}
