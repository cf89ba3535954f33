/** A word of a command line, quoted where the shell would take it apart. */
export function word(text: string): string {
  return /^[-A-Za-z0-9_./:@%+=,]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
