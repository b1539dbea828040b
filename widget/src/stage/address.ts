/** Where a browser has no Navigation API, `pushState` tells nobody: then it is looked at so often, in milliseconds. */
const LOOK = 500;

/** Tells when the page's address has changed, without patching the page's history object. */
export function watchAddress(changed: () => void): () => void {
  let last = location.href;
  const look = (): void => {
    if (location.href === last) return;
    last = location.href;
    changed();
  };
  const navigation = (window as { navigation?: EventTarget }).navigation;
  const timer = navigation ? 0 : setInterval(look, LOOK);
  navigation?.addEventListener("currententrychange", look);
  return () => {
    clearInterval(timer);
    navigation?.removeEventListener("currententrychange", look);
  };
}
