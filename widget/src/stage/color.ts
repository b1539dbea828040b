/** Which of near-black and white reads better on `#rrggbb` (WCAG relative luminance). */
export function onAccent(color: string): string {
  const light = luminance(color);
  return (light + 0.05) / (0.0103 + 0.05) > 1.05 / (light + 0.05) ? "#1f1b16" : "#ffffff";
}

export function luminance(color: string): number {
  const part = (at: number): number => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}
