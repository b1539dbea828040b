import { h } from "preact";
import type { App, Mascot } from "../types";

const PATHS = {
  shot: "M4 8V6a2 2 0 0 1 2-2h2M16 4h2a2 2 0 0 1 2 2v2M20 16v2a2 2 0 0 1-2 2h-2M8 20H6a2 2 0 0 1-2-2v-2M8.5 12a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
  point: "M5 3l6.5 16 2.2-6.8L20.5 10z",
  voice: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  picture: "M7 4h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM4 16l5-5 4 4 2-2 5 5",
  close: "M6 6l12 12M18 6L6 18",
  play: "M8 5l11 7-11 7z",
  stop: "M7 7h10v10H7z",
  crop: "M6 2v16h16M2 6h16v16",
  arrow: "M5 19L19 5M9 5h10v10",
  box: "M5 6h14v12H5z",
  pen: "M4 20c6 0 4-8 9-10s5 6 7 2",
  text: "M5 6h14M12 6v13",
  redact: "M4 9h16v6H4zM4 11h16M4 13h16",
  undo: "M9 7L4 12l5 5M4 12h11a5 5 0 0 1 0 10",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A mascot. The loader draws it, so that its paths are not shipped twice. */
export function Face({ app, mascot }: { app: App; mascot: Mascot }) {
  return (
    <span
      key={mascot}
      class="face-box"
      ref={(box: HTMLSpanElement | null) => {
        if (box && box.childNodes.length === 0) box.append(app.face(mascot));
      }}
    />
  );
}

export interface ToolProps {
  icon: IconName;
  label: string;
  act(): void;
  pressed?: boolean;
  disabled?: boolean;
}

/** One that can't be used now keeps the focus that it has. */
export function Tool({ icon, label, act, pressed, disabled }: ToolProps) {
  return (
    <button
      class="tool"
      aria-label={label}
      title={label}
      onClick={disabled ? undefined : act}
      aria-disabled={disabled}
      aria-pressed={pressed}
    >
      <Icon name={icon} />
    </button>
  );
}
