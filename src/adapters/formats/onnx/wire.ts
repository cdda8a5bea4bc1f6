import { type ProblemCode, UserError } from "../../../domain/problem.ts";
import type { ModelBytes } from "../../../ports/model-source.ts";

/** A field of a message: a number, or a range of bytes that is read only when it is wanted. */
export interface Field {
  number: number;
  /** Where the field's tag stands. */
  at: number;
  /** Varint and fixed values; 0n for a length-delimited field. */
  value: bigint;
  /** The bytes of a length-delimited field; for others empty. */
  start: number;
  end: number;
  delimited: boolean;
}

const windowBytes = 64 * 1024;
const textLimit = 64 * 1024;

/**
 * Reads protobuf's wire format from a file through a small window: what a field holds is skipped unless it is entered, so
 * tensors are never read. Every length is checked against the message around it before anything is read or kept.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class Wire {
  readonly #file: ModelBytes;
  #window: Uint8Array = new Uint8Array();
  #from = 0;

  constructor(file: ModelBytes) {
    this.#file = file;
  }

  /** The problem with this file at an offset. */
  problem(code: ProblemCode, offset: number, message: string, hint: string): UserError {
    return new UserError([
      { code, message: `${this.#file.path}: ${message}`, hint, at: { file: this.#file.path, offset } },
    ]);
  }

  corrupt(offset: number, message: string): UserError {
    return this.problem(
      "model.corrupt",
      offset,
      message,
      "The file is damaged or was not written by an ONNX exporter. Export the model again.",
    );
  }

  truncated(offset: number, missing: number): UserError {
    return this.problem(
      "model.truncated",
      offset,
      `the file ends ${missing} bytes before the end of what begins at byte ${offset}`,
      "The copy or download was cut off. Copy it again and compare sizes.",
    );
  }

  async #byte(offset: number): Promise<number> {
    const index = offset - this.#from;
    if (index >= 0 && index < this.#window.length) return this.#window[index]!;
    this.#window = await this.#file.read(offset, windowBytes);
    this.#from = offset;
    if (this.#window.length === 0) throw this.truncated(offset, 1);
    return this.#window[0]!;
  }

  /** A varint of at most ten bytes, inside [at, end). */
  async #varint(at: number, end: number): Promise<{ value: bigint; next: number }> {
    let value = 0n;
    for (let index = 0; index < 10; index++) {
      if (at + index >= end)
        throw end >= this.#file.bytes
          ? this.truncated(at, 1)
          : this.corrupt(at, "a number runs over the end of its message");
      const byte = await this.#byte(at + index);
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: at + index + 1 };
    }
    throw this.corrupt(at, "a number is longer than ten bytes");
  }

  /** The end of `length` bytes from `start`, which must lie inside the message that ends at `end`. */
  #endOf(at: number, start: number, length: bigint, end: number): number {
    const stop = BigInt(start) + length;
    if (stop <= BigInt(end)) return Number(stop);
    if (end >= this.#file.bytes && length < 2n ** 40n) throw this.truncated(at, Number(stop) - this.#file.bytes);
    throw this.corrupt(at, `a field claims ${length} bytes, and the message around it has ${end - start} left`);
  }

  /** The fields of the message in [start, end), in order. */
  async *fields(start: number, end: number): AsyncGenerator<Field> {
    let at = start;
    while (at < end) {
      const tag = await this.#varint(at, end);
      const number = Number(tag.value >> 3n);
      const kind = Number(tag.value & 7n);
      if (number < 1 || number > 0x1f_ff_ff_ff) throw this.corrupt(at, "a field has no valid number");
      const field: Field = { number, at, value: 0n, start: tag.next, end: tag.next, delimited: false };
      if (kind === 0) {
        const { value, next } = await this.#varint(tag.next, end);
        field.value = value;
        field.end = next;
      } else if (kind === 1 || kind === 5) field.end = this.#endOf(at, tag.next, kind === 1 ? 8n : 4n, end);
      else if (kind === 2) {
        const { value, next } = await this.#varint(tag.next, end);
        field.start = next;
        field.end = this.#endOf(at, next, value, end);
        field.delimited = true;
      } else throw this.corrupt(at, `a field has wire type ${kind}, which ONNX does not use`);
      at = field.end;
      yield field;
    }
  }

  /** A field's text. @throws UserError when it is not UTF-8, or longer than any name may be. */
  async text(field: Field): Promise<string> {
    if (field.end - field.start > textLimit)
      throw this.corrupt(field.at, `a name has ${field.end - field.start} bytes`);
    const bytes = new Uint8Array(field.end - field.start);
    for (let index = 0; index < bytes.length; index++) bytes[index] = await this.#byte(field.start + index);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw this.corrupt(field.at, "a name is not UTF-8");
    }
  }

  /** The numbers of a repeated integer field, packed or not, at most `limit`. */
  async numbers(field: Field, limit: number): Promise<bigint[]> {
    if (!field.delimited) return [field.value];
    const found: bigint[] = [];
    for (let at = field.start; at < field.end; ) {
      const { value, next } = await this.#varint(at, field.end);
      if (found.push(value) > limit) throw this.corrupt(field.at, `a list has more than ${limit} numbers`);
      at = next;
    }
    return found;
  }
}
