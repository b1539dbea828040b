// Names of properties that only the widget's own code reads, so that bundles may shorten them. Never one that is
// stored (drafts, parcels), sent, exported by a chunk, or said by a page: those outlive a build or cross to others.
const OURS = `
  act afterMs api apiUrl asking attempt busy canSend captureConsoleErrors carryOver clearDraft coming componentDidMount
  componentDidUpdate componentWillUnmount current currentNodeStyle currentParentNodeStyle defaultChannelKey
  defaultComputedStyles draft ear editing elapsed elapsedMs emit enters fetchOnce fields forgetSent flag fontFamilies heard
  hurry idName imageDom isFull isOpen keeper lasting lasts latest layer letGo leaves local lookAround lookAtOthers
  markdown marks masks maxNumberOfPathChecks notice onCloneEachNode optimizedMinLength others outside ownerWindow
  paint panelKeys parcel penalty pendingFlag pressed project props recorder requestType retryAfter room running rush
  seedMinLength sendWhatWaits setState shadow shadowRoots shelf showLauncher shown stage standing stops
  svgDefsElement svgStyles takeDown tasks tell timeoutMs trigger unit urlPatterns walked wanted warnFull wasClosed words
  writing written`;

/** Stops the build where a text, or a hole in one, has a name that would be shortened: those are looked up by name. */
export function keepNames(names) {
  for (const name of names) if (SHORTENED.test(name)) throw new Error(`lean/names.mjs may not shorten ${name}`);
}

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
