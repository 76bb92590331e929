import { Icon } from './icon.tsx';

export function Brand() {
  return (
    <p className="brand">
      <span className="logo">
        <Icon name="check" />
      </span>
      To-dos
    </p>
  );
}
