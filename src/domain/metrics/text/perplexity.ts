/** Perplexity: e to the mean negative log probability of a token. @param sum of natural logs @param tokens above 0 */
export const perplexityOf = (sum: number, tokens: number): number => Math.exp(-sum / tokens);

/** Mean bits that a token carries. @param sum of natural logs @param tokens above 0 */
export const bitsPerToken = (sum: number, tokens: number): number => -sum / tokens / Math.LN2;
