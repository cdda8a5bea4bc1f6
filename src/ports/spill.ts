/** Values kept outside of memory, by number in the order in which they came. They are gone with the process. */
export interface Spill<T> extends Disposable {
  put(value: T): void;
  /** @throws RangeError when there are not so many. */
  get(index: number): T;
}
