import type { ArtifactRecord } from "../state.ts";
import { type Call, type Operations, said } from "./call.ts";

const record = (it: ArtifactRecord): object => ({
  id: it.id,
  digest: it.digest,
  logical_environment: it.logicalEnvironment,
  physical_environment: it.physicalEnvironment,
  cluster: it.cluster,
  deployment_name: it.deploymentName,
  tags: it.tags,
  runtime_risks: it.risks,
  created: it.createdAt,
  updated_at: it.createdAt,
  attestation_id: null,
});

const recordsOf = (records: readonly ArtifactRecord[]): object => ({
  total_count: records.length,
  deployment_records: records.map(record),
});

const isFor = (call: Call, it: ArtifactRecord): boolean =>
  it.organization === call.params["org"] &&
  it.logicalEnvironment === said(call, "logical_environment", "") &&
  it.physicalEnvironment === said(call, "physical_environment", "") &&
  it.cluster === said(call, "cluster", "") &&
  it.deploymentName === said(call, "deployment_name", "");

interface Attested {
  dsseEnvelope?: { payload?: string };
}

/** The digests that an attestation is about. */
function subjectsOf(bundle: unknown): string[] {
  const payload = (bundle as Attested).dsseEnvelope?.payload ?? "";
  const statement = JSON.parse(Buffer.from(payload, "base64").toString()) as {
    subject: { digest: Record<string, string> }[];
  };
  return statement.subject.map(({ digest }) => `sha256:${digest["sha256"]}`);
}

export const artifacts: Operations = {
  /** One record per environment, cluster and deployment: a newer one takes the place of the older. */
  "orgs/create-artifact-deployment-record": (call) => {
    const { records } = call.state;
    const created: ArtifactRecord = {
      id: call.state.next(),
      organization: call.params["org"] ?? "",
      name: said(call, "name", ""),
      digest: said(call, "digest", ""),
      status: said(call, "status", ""),
      logicalEnvironment: said(call, "logical_environment", ""),
      physicalEnvironment: said(call, "physical_environment", ""),
      cluster: said(call, "cluster", ""),
      deploymentName: said(call, "deployment_name", ""),
      createdAt: call.state.now(),
      tags: (call.body["tags"] ?? {}) as Record<string, string>,
      risks: (call.body["runtime_risks"] ?? []) as string[],
    };
    const at = records.findIndex((it) => isFor(call, it));
    if (at < 0) records.push(created);
    else records[at] = created;
    return { status: 200, body: recordsOf([created]) };
  },
  "orgs/list-artifact-deployment-records": (call) => ({
    status: 200,
    body: recordsOf(call.state.records.filter((it) => it.digest === call.params["subject_digest"])),
  }),
  "repos/create-attestation": (call) => {
    const id = call.state.next();
    call.state.attestations.push({ id, bundle: call.body["bundle"] });
    return { status: 201, body: { id } };
  },
  "repos/list-attestations": (call) => ({
    status: 200,
    body: {
      attestations: call.state.attestations
        .filter(({ bundle }) => subjectsOf(bundle).includes(call.params["subject_digest"] ?? ""))
        .map(({ id, bundle }) => ({ bundle, repository_id: 456789, bundle_url: `${call.apiUrl}/bundles/${id}` })),
    },
  }),
};
