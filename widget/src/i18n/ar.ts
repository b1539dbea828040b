import en, { type Texts } from "./en";
export default en satisfies Texts;
