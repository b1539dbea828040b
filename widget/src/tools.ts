/** What the room loads when a tool is first used. */
export { pickElement } from "./pick/picker";
export { drawPage } from "./shot/draw";
export { grabScreen } from "./shot/screen";
export { canRecord, play, record } from "./voice/recorder";
