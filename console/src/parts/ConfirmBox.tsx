import { type ReactNode, useEffect, useRef } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "./Command.tsx";
import "./confirm.css";

interface Props {
  /** Unique on the page: "drain". */
  name: string;
  title: string;
  /** What it will touch, in sentences. */
  touches: ReactNode;
  /** Choices and notes, below what is touched. */
  children?: ReactNode;
  /** Why it was refused; empty: it was not. */
  problem: string;
  confirm: string;
  /** On the button while it is under way. */
  pending: string;
  busy: boolean;
  /** It cannot be confirmed as it is. */
  blocked?: boolean;
  keep: string;
  onConfirm: () => void;
  onKeep: () => void;
  /** The command that does the same. */
  line: string;
}

/** Asks twice, and says before what will be touched. The focus begins on what changes nothing, and Escape is that. */
export function ConfirmBox({ name, title, touches, children, problem, confirm, pending, busy, blocked = false, keep, onConfirm, onKeep, line }: Props) {
  const { t } = useSpeech();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div
      className="confirm"
      role="alertdialog"
      aria-labelledby={`${name}-title`}
      aria-describedby={`${name}-touches`}
      onKeyDown={(key) => {
        if (key.key !== "Escape") return;
        key.preventDefault();
        onKeep();
      }}
    >
      <h3 id={`${name}-title`}>{title}</h3>
      <div id={`${name}-touches`} className="confirm-touches">{touches}</div>
      {children}
      {problem !== "" && <p className="problem" role="alert">{problem}</p>}
      <div className="confirm-buttons">
        <button type="button" className="button main" disabled={busy || blocked} onClick={onConfirm}>{busy ? pending : confirm}</button>
        <button type="button" className="button" ref={button} onClick={onKeep}>{keep}</button>
      </div>
      <Command line={line} label={t("cli.same")} />
    </div>
  );
}
