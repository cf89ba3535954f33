/** A message: its text, or its forms by grammatical number, which `n` chooses. `{name}` marks what is filled in. */
export type Message = string | { readonly one: string; readonly other: string };
