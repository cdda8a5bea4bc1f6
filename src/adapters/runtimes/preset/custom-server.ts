/** What a configuration says of a server of its own. */
export interface CustomServer {
  /** The program and its words; `{model}` stands for the model's folder, `{file}` for its file, `{name}` for its name. */
  command: readonly string[];
  port: number;
  protocol: string;
  /** Path that answers 200 once the server is ready; null: the protocol's. */
  ready: string | null;
  env: Readonly<Record<string, string>>;
}
