interface Props<T extends string> {
  label: string;
  value: T | undefined;
  options: readonly { value: T; text: string }[];
  onChange: (value: T) => void;
}

/** One choice of a few, side by side. */
export function Segments<T extends string>({ label, value, options, onChange }: Props<T>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>{option.text}</button>
      ))}
    </div>
  );
}
