import { useSpeech } from "../i18n/language.tsx";
import "./confirm.css";

/** A field that two versions of one thing disagree on, with its name and both values as people read them. */
export interface Disagreement {
  readonly field: string;
  readonly mine: string;
  readonly theirs: string;
}

interface Props {
  title: string;
  explain: string;
  /** Empty: the versions say the same. */
  differ: readonly Disagreement[];
  /** Theirs is gone: there is nothing to compare with. */
  gone?: boolean;
  onMine: () => void;
  onTheirs: () => void;
}

/** Two people changed one thing: both values of each field, and the choice. */
export function Conflict({ title, explain, differ, gone = false, onMine, onTheirs }: Props) {
  const { t } = useSpeech();
  return (
    <div className="confirm conflict" role="alert">
      <h3>{title}</h3>
      <p>{explain}</p>
      {!gone && differ.length === 0 && <p className="note">{t("conflict.none")}</p>}
      {differ.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("conflict.field")}</th>
              <th scope="col">{t("conflict.mine")}</th>
              <th scope="col">{t("conflict.theirs")}</th>
            </tr>
          </thead>
          <tbody>
            {differ.map(({ field, mine, theirs }) => (
              <tr key={field}>
                <th scope="row">{field}</th>
                <td>{mine === "" ? "–" : mine}</td>
                <td>{theirs === "" ? "–" : theirs}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="confirm-buttons">
        <button type="button" className="button" onClick={onTheirs}>{t("conflict.takeTheirs")}</button>
        <button type="button" className="button warn" onClick={onMine}>{t("conflict.takeMine")}</button>
      </div>
    </div>
  );
}
