import { toJson } from "@bufbuild/protobuf";
import { type FleetSpec, FleetSpecSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One field of the template that two revisions disagree on; empty: the revision does not set it. */
export interface Change {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** The part of a spec that servers are started from. */
const template = ["provider", "capacity", "room"] as const;

/** What one revision says otherwise than another, field by field, by the names of the YAML. */
export function changes(before: FleetSpec | undefined, after: FleetSpec | undefined): Change[] {
  const [old, now] = [flat(before), flat(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.filter((path) => old.get(path) !== now.get(path)).map((path) => ({ path, before: old.get(path) ?? "", after: now.get(path) ?? "" }));
}

function flat(spec: FleetSpec | undefined): Map<string, string> {
  const found = new Map<string, string>();
  if (spec === undefined) return found;
  const json = toJson(FleetSpecSchema, spec, { useProtoFieldName: true }) as Record<string, Json>;
  for (const part of template) walk(part, json[part], found);
  return found;
}

/** Lists of plain values are one value, as one reads a command; other lists are walked by place. */
function walk(path: string, value: Json | undefined, found: Map<string, string>) {
  if (value === undefined || value === null) return;
  if (typeof value !== "object") found.set(path, String(value));
  else if (Array.isArray(value)) {
    if (value.every((one) => one === null || typeof one !== "object")) found.set(path, value.join(" "));
    else value.forEach((one: Json, i) => walk(`${path}[${i}]`, one, found));
  } else for (const [key, one] of Object.entries(value as { readonly [key: string]: Json })) walk(`${path}.${key}`, one, found);
}
