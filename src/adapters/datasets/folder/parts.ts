import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { notFound } from "../rows/open.ts";

/** What a folder of data is made of: files with rows, or a folder for each class with a file for each row. */
export type Parts = { files: readonly string[] } | { root: string; classes: readonly string[] };

/** Names that say which split a file or folder is of: without `evaluate.split` they must not differ. */
const splitNames = /^(train|training|validation|valid|val|dev|test|testing|eval|evaluation|holdout)(?=[-._]|$)/i;

/** The file of an image folder that has the columns of its images. */
const metadata = ["metadata.csv", "metadata.jsonl", "metadata.parquet"];

interface Listing {
  files: readonly string[];
  folders: readonly string[];
}

/** What stands in a folder, in the order of names (by code unit); what starts with a dot is not of the data. Null: no folder. */
async function listing(folder: string): Promise<Listing | null> {
  const names = await readdir(folder).catch(() => null);
  if (!names) return null;
  const files: string[] = [];
  const folders: string[] = [];
  for (const name of names.filter((entry) => !entry.startsWith(".")).toSorted()) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isFile()) files.push(name);
    else if (found?.isDirectory()) folders.push(name);
  }
  return { files, folders };
}

const isOf = (split: string, name: string): boolean =>
  name.startsWith(split) && /^([-._]|$)/.test(name.slice(split.length));

/** The place of a split: a folder of its name, or the files whose names start with it. */
async function splitOf(
  root: string,
  { files, folders }: Listing,
  split: string,
): Promise<{ root: string; found: Listing } | null> {
  if (folders.includes(split)) {
    const own = join(root, split);
    return { root: own, found: (await listing(own))! };
  }
  const named = files.filter((name) => isOf(split, name));
  return named.length > 0 ? { root, found: { files: named, folders: [] } } : null;
}

const splitsIn = ({ files, folders }: Listing): string[] => [
  ...new Set([...files, ...folders].flatMap((name) => splitNames.exec(name)?.[1] ?? [])),
];

/** The folder with the data: Hugging Face keeps the files of a repository in `data/`. */
async function placeOf(path: string, split: string | null, isData: (name: string) => boolean) {
  const only = ({ files, folders }: Listing): Listing => ({ files: files.filter(isData), folders });
  const found = await listing(path);
  if (!found)
    throw notFound(path, `there is no data folder at ${path}`, "Check evaluate.data; it is relative to modelgate.yml.");
  const below = found.folders.includes("data") ? await listing(join(path, "data")) : null;
  const places = [
    { root: path, found: only(found) },
    ...(below ? [{ root: join(path, "data"), found: only(below) }] : []),
  ];
  if (split !== null) {
    for (const place of places) {
      const own = await splitOf(place.root, place.found, split);
      if (own) return { root: own.root, found: only(own.found) };
    }
    const known = places.flatMap((place) => splitsIn(place.found));
    throw notFound(
      path,
      `${path} has no split "${split}"`,
      `${known.length > 0 ? `It has ${[...new Set(known)].join(", ")}. ` : ""}A split is a folder of that name, or files whose names start with it, as ${split}-00000-of-00001.parquet.`,
    );
  }
  const [place, inData] = places;
  return place!.found.files.length === 0 && inData && inData.found.files.length > 0 ? inData : place!;
}

/**
 * What of a folder is read: its metadata file, else its data files in the order of names, else a folder for each class.
 * @throws UserError `data.not-found` when there is nothing, or when nobody said which of several splits is meant.
 */
export async function partsOf(path: string, split: string | null, isData: (name: string) => boolean): Promise<Parts> {
  const { root, found } = await placeOf(path, split, isData);
  const splits = split === null ? splitsIn(found) : [];
  if (splits.length > 1)
    throw notFound(path, `${path} has several splits: ${splits.join(", ")}`, "Say which in evaluate.split.");
  const described = metadata.filter((name) => found.files.includes(name));
  if (described.length > 1)
    throw notFound(path, `${root} has ${described.join(" and ")}`, "Leave one of them: each would be all of its rows.");
  if (described.length === 1) return { files: [join(root, described[0]!)] };
  if (found.files.length > 0) return { files: found.files.map((name) => join(root, name)) };
  if (found.folders.length > 0) return { root, classes: found.folders };
  throw notFound(path, `${root} has neither data files nor folders of classes`, "Check evaluate.data.");
}

/** The files of a class. @throws UserError when it has a folder: nobody could say which class its files are of. */
export async function filesOfClass(root: string, name: string): Promise<readonly string[]> {
  const found = await listing(join(root, name));
  const [folder] = found?.folders ?? [];
  if (found && folder === undefined) return found.files;
  throw notFound(
    root,
    folder === undefined
      ? `${join(root, name)} may not be read`
      : `the class ${name} in ${root} holds the folder ${folder}`,
    "Each folder is a class, and holds files only; evaluate.split names the folder of a split.",
  );
}
