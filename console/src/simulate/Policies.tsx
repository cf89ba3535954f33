import { useSpeech } from "../i18n/language.tsx";
import { POLICIES_MAX, type PolicyDraft, policyName } from "./form.ts";

const kinds = ["own", "agones-buffer", "hpa"] as const;
const defaults = { own: "", "agones-buffer": "2", hpa: "0.7" } as const;

interface Props {
  policies: readonly PolicyDraft[];
  problem: string | undefined;
  onChange: (policies: readonly PolicyDraft[]) => void;
}

/** The policies that are compared, one a row. */
export function Policies({ policies, problem, onChange }: Props) {
  const { t } = useSpeech();
  const set = (place: number, change: Partial<PolicyDraft>) => onChange(policies.map((one, i) => (i === place ? { ...one, ...change } : one)));
  return (
    <div className="policies">
      <ul>
        {policies.map((policy, i) => (
          <li key={i}>
            <select className="field" aria-label={t("simulate.policy")} value={policy.kind} onChange={(event) => set(i, { kind: event.target.value as PolicyDraft["kind"], value: defaults[event.target.value as PolicyDraft["kind"]] })}>
              {kinds.map((kind) => <option key={kind} value={kind}>{t(`simulate.policy.${kind}`)}</option>)}
            </select>
            {policy.kind !== "own" && (
              <input className="field" inputMode="decimal" aria-label={t("simulate.policy.value", { policy: policy.kind })} value={policy.value} onChange={(event) => set(i, { value: event.target.value })} />
            )}
            <code>{policyName(policy)}</code>
            <button type="button" className="button plain icon" aria-label={t("simulate.policy.remove", { policy: policyName(policy) })} onClick={() => onChange(policies.filter((_, place) => place !== i))}>×</button>
          </li>
        ))}
      </ul>
      <p className={problem === undefined ? "form-note" : "form-note bad"} role={problem === undefined ? undefined : "alert"}>{problem ?? ""}</p>
      <button type="button" className="button" disabled={policies.length >= POLICIES_MAX} onClick={() => onChange([...policies, { kind: "agones-buffer", value: String(policies.length + 2) }])}>{t("simulate.policy.add")}</button>
    </div>
  );
}
