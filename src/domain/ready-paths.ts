/** The name a release has for a protocol that is found out where it runs. */
export const undecided = "auto";

const v1 = (model: string): string[] => [`/v1/models/${encodeURIComponent(model)}`];
const v2 = (model: string): string[] => [`/v2/models/${encodeURIComponent(model)}/ready`];

/** Protocol → the paths that tell whether its model is ready: the first that exists counts. */
const paths: Readonly<Record<string, (model: string) => readonly string[]>> = {
  v2,
  v1,
  tfserving: v1,
  openai: () => ["/health", "/v1/models"],
  mlflow: () => ["/ping", "/health"],
  sagemaker: () => ["/ping"],
  torchserve: () => ["/ping"],
  bentoml: () => ["/readyz"],
  tei: () => ["/health"],
  tgi: () => ["/health"],
  [undecided]: (model) => [...v2(model), ...v1(model), "/ping", "/readyz", "/health", "/v1/models"],
};

/** Where a server of a protocol tells that a model is ready; the first path that is not answered with 404 counts. */
export const readyPaths = (protocol: string, model: string): readonly string[] => paths[protocol]?.(model) ?? ["/"];
