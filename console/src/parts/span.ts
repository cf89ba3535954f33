const sizes = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;
type Unit = keyof typeof sizes;

/** Reads a length of time as people and the CLI write it ("5m", "1h 30m", "90s"), in milliseconds; nothing at all is 0. */
export function readSpan(text: string): number | undefined {
  const plain = text.replace(/\s+/g, "").toLowerCase();
  if (plain === "" || plain === "0") return 0;
  if (!/^(\d+(\.\d+)?(d|h|min|m|s))+$/.test(plain)) return undefined;
  let sum = 0;
  for (const [, n, unit] of plain.matchAll(/(\d+(?:\.\d+)?)(d|h|min|m|s)/g)) sum += Number(n) * sizes[unit!.charAt(0) as Unit];
  return sum;
}

/** Writes a length of time as `readSpan` reads it; 0 is nothing at all. */
export function writeSpan(ms: number): string {
  let left = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"] as const) {
    const whole = Math.floor(left / sizes[unit]);
    if (whole > 0) parts.push(`${whole}${unit}`);
    left -= whole * sizes[unit];
  }
  return parts.join(" ");
}

/** Writes a length of time as a flag of the CLI: "1h30m"; 0 is "0s". */
export function flagSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [[Math.floor(seconds / 3_600), "h"], [Math.floor((seconds % 3_600) / 60), "m"], [seconds % 60, "s"]] as const;
  return parts.filter(([n]) => n > 0).map(([n, unit]) => `${n}${unit}`).join("") || "0s";
}
