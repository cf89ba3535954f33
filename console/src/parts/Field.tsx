import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  hint?: string;
  problem?: string | undefined;
  /** The control, given the id to carry and what describes it. */
  children: (control: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

/** A form's field with its label, and under it what is wrong or a hint: one line in any case, so that nothing moves. */
export function Field({ label, hint = "", problem, children }: Props) {
  const id = useId();
  const bad = problem !== undefined;
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-note`, "aria-invalid": bad })}
      <p className={bad ? "form-note bad" : "form-note"} id={`${id}-note`} role={bad ? "alert" : undefined}>{problem ?? hint}</p>
    </div>
  );
}
