// Names of properties that only the widget's own code reads, so that bundles may shorten them. Never one that is
// stored (drafts, parcels), sent, exported by a chunk, or said by a page: those outlive a build or cross to others.
const OURS = `
  act afterMs apiUrl attempt busy canSend captureConsoleErrors carryOver clearDraft coming currentNodeStyle
  currentParentNodeStyle defaultChannelKey defaultComputedStyles ear editing elapsed elapsedMs emit enters fetchOnce
  fields flag fontFamilies heard hurry idName imageDom isFull isOpen keeper lasting lasts latest layer leaves local
  lookAround lookAtOthers markdown masks maxNumberOfPathChecks notice onCloneEachNode optimizedMinLength outside
  ownerWindow paint panelKeys penalty pendingFlag pressed recorder requestType retryAfter room running rush
  seedMinLength sendWhatWaits shadow shadowRoots shelf showLauncher shown standing stops svgDefsElement svgStyles
  takeDown tasks tell timeoutMs trigger unit urlPatterns walked wanted wasClosed written`;

/** Preact's own begin with one underscore. */
export const SHORTENED = new RegExp(`^(?:_[a-z]\\w*|${OURS.trim().split(/\s+/).join("|")})$`);

/** The style sheets' variables, in all bundles alike: --br-line becomes --br-a, and so on. */
export function shortVariables(text) {
  return text.replace(/--br-[a-z0-9-]+/g, (name) => {
    if (!variables.has(name)) variables.set(name, `--br-${variables.size.toString(36)}`);
    return variables.get(name);
  });
}
const variables = new Map();
