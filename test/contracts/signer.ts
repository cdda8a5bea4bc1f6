import { describe, expect, test } from "vitest";
import type { SignatureVerifier, Signer } from "../../src/ports/signer.ts";

/** A signer, and verifiers that trust it and somebody else of the same kind. */
export interface Signing {
  signer: Signer;
  verifier: SignatureVerifier;
  stranger: SignatureVerifier;
}

export interface SigningTraits {
  make(): Promise<Signing>;
  /** What the verified identity is, in part. */
  by: Record<string, unknown>;
  /** Code of the problem when somebody else signed. */
  strangerCode: string;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const statement = utf8(
  '{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x","predicate":{"ü":1}}',
);

interface BundleJson {
  mediaType: string;
  dsseEnvelope: { payload: string; payloadType: string; signatures: [{ sig: string }] };
  verificationMaterial: object;
}

const parse = (bundle: Uint8Array): BundleJson => JSON.parse(new TextDecoder().decode(bundle)) as BundleJson;

/** A bundle with one thing changed. */
function changed(bundle: Uint8Array, change: (json: BundleJson) => void): Uint8Array {
  const json = parse(bundle);
  change(json);
  return utf8(JSON.stringify(json));
}

/** One bit of base64 data turned over. */
function flipped(base64: string, share: number): string {
  const bytes = Buffer.from(base64, "base64");
  const index = Math.min(bytes.length - 1, Math.floor(bytes.length * share));
  bytes[index]! ^= 1;
  return bytes.toString("base64");
}

/** Every text in a JSON value, as where to put another one. */
function* texts(value: object): Iterable<{ was: string; put(text: string): void }> {
  for (const [name, inner] of Object.entries(value))
    if (typeof inner === "string")
      yield { was: inner, put: (text) => void ((value as Record<string, unknown>)[name] = text) };
    else if (typeof inner === "object" && inner !== null) yield* texts(inner as object);
}

/** What every signer must do, and what the verifier must make of what it signed. */
export function signerContract(name: string, { make, by, strangerCode }: SigningTraits): void {
  describe(`signer ${name}`, () => {
    const { signal } = new AbortController();
    const refusal = async (verifier: SignatureVerifier, bundle: Uint8Array) => {
      const { signature } = await verifier.verify(bundle, signal);
      return signature.status === "refused" ? signature.problem.code : signature.status;
    };

    test("puts the bytes as they are into a DSSE envelope in a bundle v0.3", async () => {
      const { signer } = await make();
      const { mediaType, dsseEnvelope } = parse(await signer.sign(statement, signal));
      expect(mediaType).toBe("application/vnd.dev.sigstore.bundle.v0.3+json");
      expect(dsseEnvelope.payloadType).toBe("application/vnd.in-toto+json");
      expect(dsseEnvelope.signatures).toHaveLength(1);
      expect(new Uint8Array(Buffer.from(dsseEnvelope.payload, "base64"))).toEqual(statement);
    });

    test("signs what is verified, and names who signed", async () => {
      const { signer, verifier } = await make();
      const read = await verifier.verify(await signer.sign(statement, signal), signal);
      expect(read.statement).toEqual(statement);
      expect(read.signature).toMatchObject({ status: "verified", by });
    });

    test.each([0, 0.5, 1])("a bit of the payload turned over is refused, at %d of it", async (share) => {
      const { signer, verifier } = await make();
      const bundle = changed(await signer.sign(statement, signal), ({ dsseEnvelope }) => {
        dsseEnvelope.payload = flipped(dsseEnvelope.payload, share);
      });
      expect(await refusal(verifier, bundle)).toBe("evidence.altered");
    });

    test.each([0, 0.5, 1])("a bit of the signature turned over is refused, at %d of it", async (share) => {
      const { signer, verifier } = await make();
      const bundle = changed(await signer.sign(statement, signal), ({ dsseEnvelope: { signatures } }) => {
        signatures[0].sig = flipped(signatures[0].sig, share);
      });
      expect(await refusal(verifier, bundle)).toBe("evidence.altered");
    });

    test("an altered statement is given back all the same, for people to look at", async () => {
      const { signer, verifier } = await make();
      const other = utf8("other");
      const bundle = changed(await signer.sign(statement, signal), ({ dsseEnvelope }) => {
        dsseEnvelope.payload = Buffer.from(other).toString("base64");
      });
      expect((await verifier.verify(bundle, signal)).statement).toEqual(other);
    });

    test("a signature over something that is no statement is refused", async () => {
      const { signer, verifier } = await make();
      const bundle = changed(await signer.sign(statement, signal), ({ dsseEnvelope }) => {
        dsseEnvelope.payloadType = "text/plain";
      });
      expect(await refusal(verifier, bundle)).toBe("evidence.altered");
    });

    test("a second signature is refused, whoever made it", async () => {
      const { signer, verifier } = await make();
      const bundle = changed(await signer.sign(statement, signal), ({ dsseEnvelope: { signatures } }) => {
        (signatures as object[]).push(signatures[0]);
      });
      expect(await refusal(verifier, bundle)).toBe("evidence.altered");
    });

    test("somebody else's signature is refused", async () => {
      const { signer, stranger } = await make();
      expect(await refusal(stranger, await signer.sign(statement, signal))).toBe(strangerCode);
    });

    test.each(["", "{}", "null", "[]", "not json", '{"mediaType":1}', '{"mediaType":"x","dsseEnvelope":{}}'])(
      "%j is refused and throws nothing",
      async (text) => {
        const { verifier } = await make();
        const read = await verifier.verify(utf8(text), signal);
        expect(read).toMatchObject({ statement: null, signature: { status: "refused" } });
        expect(await refusal(verifier, utf8(text))).toBe("evidence.altered");
      },
    );

    test("whatever text of a bundle is changed, nothing but the statement that was signed is ever verified", async () => {
      const { signer, verifier } = await make();
      const bundle = await signer.sign(statement, signal);
      const count = [...texts(parse(bundle))].length;
      expect(count).toBeGreaterThan(4);
      for (let place = 0; place < count; place++)
        for (const text of ["", "AAAA", "🦊", "9".repeat(30), null]) {
          const json = parse(bundle);
          const at = [...texts(json)][place]!;
          at.put(text ?? flipped(at.was, 0.4));
          const read = await verifier.verify(utf8(JSON.stringify(json)), signal);
          if (read.signature.status === "verified") expect(read.statement).toEqual(statement);
        }
    });

    test("a bundle cut off anywhere is refused and throws nothing", async () => {
      const { signer, verifier } = await make();
      const bundle = await signer.sign(statement, signal);
      for (let size = 0; size < bundle.length; size += 37)
        expect(await refusal(verifier, bundle.subarray(0, size))).toBe("evidence.altered");
    });

    test("signs nothing once it was told to stop", async () => {
      const { signer } = await make();
      const stopped = AbortSignal.abort(new Error("stop"));
      await expect(signer.sign(statement, stopped)).rejects.toThrow("stop");
    });
  });
}
