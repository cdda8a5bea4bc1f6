import type { TensorSpec } from "../../../domain/model.ts";
import type { ModelBytes, ModelFolder } from "../../../ports/model-source.ts";
import { elementTypes, readTensor } from "./tensor.ts";
import type { Field, Wire } from "./wire.ts";

const depthLimit = 64;
const countLimit = 5_000_000;

/** What the walk over a model collects. */
export interface Found {
  opsets: Map<string, number>;
  irVersion: number;
  producer: string;
  hasGraph: boolean;
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  /** Outputs that are sequences or maps: no protocol carries them. */
  otherOutputs: string[];
  initializers: Set<string>;
  parameters: bigint;
  nodes: number;
  domains: Set<string>;
  external: Map<string, ModelBytes>;
}

/** Walks a ModelProto: the graph, every subgraph and function, and every tensor at any depth (onnx.proto of ONNX 1.23). */
export class GraphWalk {
  readonly found: Found = {
    opsets: new Map(),
    irVersion: 0,
    producer: "",
    hasGraph: false,
    inputs: [],
    outputs: [],
    otherOutputs: [],
    initializers: new Set(),
    parameters: 0n,
    nodes: 0,
    domains: new Set(),
    external: new Map(),
  };
  readonly #wire: Wire;
  readonly #folder: ModelFolder;
  readonly #signal: AbortSignal;

  constructor(wire: Wire, folder: ModelFolder, signal: AbortSignal) {
    this.#wire = wire;
    this.#folder = folder;
    this.#signal = signal;
  }

  async model(end: number): Promise<void> {
    for await (const field of this.#wire.fields(0, end)) {
      if (field.number === 1) this.found.irVersion = Number(field.value);
      else if (field.number === 2) this.found.producer = await this.#wire.text(field);
      else if (field.number === 8) await this.#opset(field);
      else if (field.number === 25) await this.#function(field);
      else if (field.number === 7) {
        if (this.found.hasGraph) throw this.#wire.corrupt(field.at, "the model has two graphs");
        this.found.hasGraph = true;
        await this.#graph(field, 0);
      }
    }
  }

  async #opset(field: Field): Promise<void> {
    let [domain, version] = ["", 0];
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 1) domain = await this.#wire.text(part);
      else if (part.number === 2) version = Number(part.value);
    this.found.opsets.set(domain === "ai.onnx" ? "" : domain, version);
  }

  async #function(field: Field): Promise<void> {
    for await (const part of this.#wire.fields(field.start, field.end)) {
      if (part.number === 7) await this.#node(part, 1);
      else if (part.number === 11) await this.#attribute(part, 1);
    }
  }

  async #graph(field: Field, depth: number): Promise<void> {
    if (depth > depthLimit) throw this.#wire.corrupt(field.at, `graphs are nested more than ${depthLimit} deep`);
    for await (const part of this.#wire.fields(field.start, field.end)) {
      this.#signal.throwIfAborted();
      if (part.number === 1) await this.#node(part, depth);
      else if (part.number === 5) await this.#initializer(part, depth);
      else if (part.number === 15) await this.#sparse(part, depth);
      else if (depth === 0 && part.number === 11) await this.#input(part);
      else if (depth === 0 && part.number === 12) await this.#output(part);
    }
  }

  async #node(field: Field, depth: number): Promise<void> {
    if (++this.found.nodes > countLimit) throw this.#wire.corrupt(field.at, `there are more than ${countLimit} nodes`);
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 5) await this.#attribute(part, depth);
      else if (part.number === 7) {
        const domain = await this.#wire.text(part);
        if (domain !== "" && domain !== "ai.onnx") this.found.domains.add(domain);
      }
  }

  async #attribute(field: Field, depth: number): Promise<void> {
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 5 || part.number === 10) await this.#tensor(part);
      else if (part.number === 6 || part.number === 11) await this.#graph(part, depth + 1);
      else if (part.number === 22 || part.number === 23) await this.#sparse(part, depth + 1);
  }

  async #tensor(field: Field) {
    const tensor = await readTensor(this.#wire, field, this.#folder);
    if (tensor.external) this.found.external.set(tensor.external.path, tensor.external);
    return tensor;
  }

  async #initializer(field: Field, depth: number): Promise<void> {
    const { name, elements } = await this.#tensor(field);
    this.found.parameters += elements;
    if (depth > 0) return;
    if (name === "" || this.found.initializers.has(name))
      throw this.#wire.corrupt(
        field.at,
        name === "" ? "an initializer has no name" : `two initializers are called "${name}"`,
      );
    this.found.initializers.add(name);
  }

  async #sparse(field: Field, depth: number): Promise<void> {
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 1) {
        const { name, elements } = await this.#tensor(part);
        this.found.parameters += elements;
        if (depth === 0) this.found.initializers.add(name);
      } else if (part.number === 2) await this.#tensor(part);
  }

  async #input(field: Field): Promise<void> {
    const { name, spec } = await this.#valueInfo(field);
    if (!spec)
      throw this.#wire.problem(
        "model.corrupt",
        field.at,
        `the input "${name}" is not a tensor with a shape`,
        "Inputs must be tensors with a declared shape; export the model with typed inputs.",
      );
    this.found.inputs.push({ name, ...spec });
  }

  async #output(field: Field): Promise<void> {
    const { name, spec } = await this.#valueInfo(field);
    if (spec) this.found.outputs.push({ name, ...spec });
    else this.found.otherOutputs.push(name);
  }

  /** ValueInfoProto: a name, and type and shape when it is a tensor that has them. */
  async #valueInfo(field: Field): Promise<{ name: string; spec: Omit<TensorSpec, "name"> | null }> {
    let name = "";
    let spec: Omit<TensorSpec, "name"> | null = null;
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 1) name = await this.#wire.text(part);
      else if (part.number === 2)
        for await (const type of this.#wire.fields(part.start, part.end))
          if (type.number === 1) spec = await this.#tensorType(type, name);
    if (name === "") throw this.#wire.corrupt(field.at, "an input or output has no name");
    return { name, spec };
  }

  async #tensorType(field: Field, name: string): Promise<Omit<TensorSpec, "name"> | null> {
    let type = 0;
    let shape: (number | string)[] | null = null;
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 1) type = Number(part.value);
      else if (part.number === 2) {
        shape = [];
        for await (const dim of this.#wire.fields(part.start, part.end))
          if (dim.number === 1) shape.push(await this.#dimension(dim));
      }
    const dtype = elementTypes[type]?.dtype;
    if (!dtype)
      throw this.#wire.problem(
        "model.corrupt",
        field.at,
        `"${name}" has element type ${elementTypes[type]?.name ?? type}, which no served protocol carries`,
        "Cast the input or output to a common type inside the model.",
      );
    return shape && { dtype, shape };
  }

  async #dimension(field: Field): Promise<number | string> {
    let side: number | string = -1;
    for await (const part of this.#wire.fields(field.start, field.end))
      if (part.number === 1) {
        if (part.value > BigInt(Number.MAX_SAFE_INTEGER))
          throw this.#wire.corrupt(part.at, "a dimension is negative or too large");
        side = Number(part.value);
      } else if (part.number === 2) side = (await this.#wire.text(part)) || -1;
    return side;
  }
}
