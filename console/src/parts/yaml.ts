import { type DescEnum, type DescField, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A contract message as the file that `greenroom apply` reads: its fields by their contract names, without those named in `without`. */
export function manifestOf<D extends DescMessage>(schema: D, message: MessageShape<D>, kind: string, without: readonly string[] = []): string {
  const fields = Object.entries(shortened(schema, toJson(schema, message, { useProtoFieldName: true }) as Record<string, Json>));
  return yamlOf({ kind, ...Object.fromEntries(fields.filter(([name]) => !without.includes(name))) });
}

/** A message's JSON with the names of enums as manifests have them: ROLLBACK for FAILURE_ACTION_ROLLBACK. */
function shortened(schema: DescMessage, json: { readonly [key: string]: Json }): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = schema.fields.find((one) => one.name === name);
      return [name, field === undefined ? value : shortenedField(field, value)];
    }),
  );
}

function shortenedField(field: DescField, value: Json): Json {
  if (Array.isArray(value)) return value.map((one: Json) => shortenedOne(field, one));
  if (field.fieldKind !== "map" || value === null || typeof value !== "object") return shortenedOne(field, value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortenedOne(field, one)]));
}

function shortenedOne(field: DescField, value: Json): Json {
  if (field.enum !== undefined && typeof value === "string") return shortName(field.enum, value);
  if (field.message === undefined || value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return shortened(field.message, value as { readonly [key: string]: Json });
}

function shortName({ sharedPrefix }: DescEnum, name: string): string {
  return sharedPrefix !== undefined && name.toLowerCase().startsWith(sharedPrefix) ? name.slice(sharedPrefix.length) : name;
}

/** Writes YAML in block style, lists of plain values in one line. Text that could be read as something else is quoted. */
export function yamlOf(value: Json, indent = ""): string {
  if (value === null || typeof value !== "object") return `${indent}${scalar(value)}\n`;
  if (Array.isArray(value)) {
    return value.map((item: Json) => `${indent}- ${nested(item, `${indent}  `).trimStart()}`).join("");
  }
  return Object.entries(value).map(([key, item]) => `${indent}${scalar(key)}:${under(item, indent)}`).join("");
}

function nested(item: Json, indent: string): string {
  return isPlain(item) ? `${flow(item)}\n` : yamlOf(item, indent);
}

function under(item: Json, indent: string): string {
  return isPlain(item) ? ` ${flow(item)}\n` : `\n${yamlOf(item, `${indent}  `)}`;
}

function isPlain(item: Json): boolean {
  if (item === null || typeof item !== "object") return true;
  const items: readonly Json[] = Array.isArray(item) ? item : Object.values(item);
  return items.length === 0 || (Array.isArray(item) && items.every((one) => one === null || typeof one !== "object"));
}

function flow(item: Json): string {
  if (item === null || typeof item !== "object") return scalar(item);
  return Array.isArray(item) ? `[${item.map(scalar).join(", ")}]` : "{}";
}

function scalar(value: Json): string {
  if (typeof value !== "string") return String(value);
  const plain = /^[A-Za-z_][-A-Za-z0-9_./]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  const simple = plain || /^\d+(\.\d+)?(ms|s|m|h)$/.test(value);
  return simple ? value : JSON.stringify(value);
}
