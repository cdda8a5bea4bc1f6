/** The work's result, or the signal's reason as soon as it aborts. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody waits for work that is left: that it fails later is no error of anybody's.
  void work.catch(() => undefined);
  signal.throwIfAborted();
  const listening = new AbortController();
  const abortion = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { signal: listening.signal });
  });
  try {
    return await Promise.race([work, abortion]);
  } finally {
    listening.abort();
  }
}
