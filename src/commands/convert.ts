import { type Converted, convert } from "../stages/convert.ts";
import type { Workshop } from "./workshop.ts";

/** The model to release: what the configuration names, or what it has made of that. */
export async function modelToRelease(
  { config, resolve, source, converted, scripts, host }: Workshop,
  signal: AbortSignal,
): Promise<{ path: string; facts: Converted["facts"] | null }> {
  const { convert: conversion } = config.model;
  const path = resolve(config.model.path);
  if (conversion === null) return { path, facts: null };
  const note = (text: string): void => host.note(text);
  return convert({ conversion, path, source, converted, runner: scripts, note, signal });
}
