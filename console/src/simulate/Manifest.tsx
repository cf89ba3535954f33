import { useRef } from "react";
import { useSpeech } from "../i18n/language.tsx";
import type { LineProblem } from "./form.ts";

interface Props {
  value: string;
  /** What Greenroom said about it, by line. */
  problems: readonly LineProblem[];
  onChange: (value: string) => void;
}

/** A manifest to edit, with its lines numbered and those marked that something is wrong with. */
export function Manifest({ value, problems, onChange }: Props) {
  const { t } = useSpeech();
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const bad = new Set(problems.map(({ line }) => line));
  const lines = value.split("\n");
  const goTo = (line: number) => {
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    if (area.current !== null) area.current.scrollTop = Math.max(0, (line - 5) * 18);
  };
  return (
    <div className="manifest">
      <div className="editor">
        <div className="editor-lines" ref={gutter} aria-hidden="true">
          {lines.map((_, i) => <span key={i} className={bad.has(i + 1) ? "bad" : ""}>{bad.has(i + 1) ? "● " : ""}{i + 1}</span>)}
        </div>
        <textarea
          ref={area}
          value={value}
          spellCheck={false}
          autoCapitalize="off"
          wrap="off"
          aria-label={t("simulate.manifest")}
          aria-invalid={problems.length > 0}
          onChange={(event) => onChange(event.target.value)}
          onScroll={(event) => {
            if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      {problems.length > 0 && (
        <ul className="problem editor-problems" role="alert" aria-label={t("simulate.manifest.problems")}>
          {problems.map(({ line, sentence }, i) => (
            <li key={i}>
              {line > 0 && <button type="button" className="button plain" onClick={() => goTo(line)}>{t("simulate.manifest.line", { line })}</button>} {sentence}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
