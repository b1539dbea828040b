/** Tells when the page's address has changed, without patching the page's history object. */
export function watchAddress(changed: () => void): () => void {
  let last = location.href;
  const look = (): void => {
    if (location.href === last) return;
    last = location.href;
    changed();
  };
  const navigation = (window as { navigation?: EventTarget }).navigation;
  navigation?.addEventListener("currententrychange", look);
  addEventListener("popstate", look);
  addEventListener("hashchange", look);
  return () => {
    navigation?.removeEventListener("currententrychange", look);
    removeEventListener("popstate", look);
    removeEventListener("hashchange", look);
  };
}
