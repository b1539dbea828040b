import { own, ownString, safely } from "../stage/own";
import { readScript } from "../stage/script";
import { PatchroomsApi, type Start } from "./api";
import { loader } from "./chunks";

/**
 * The Patchrooms loader, first stage. For `/v1/patchrooms/pr_….js` the server writes
 * `self.__patchrooms={…};` in front of it, and it starts by itself; alone it is `/v1/patchrooms.js`.
 */
safely(() => {
  const page = self as unknown as { __patchrooms?: unknown; Patchrooms?: { destroy?: () => void } };
  const baked = own(page, "__patchrooms") ?? null;
  delete page.__patchrooms;
  const { home, data } = readScript(document.currentScript, /\/v1\/patchrooms(\/[^/]*)?\.js$/);
  const starts = baked !== null || ownString(data, "projectKey") !== null || ownString(data, "storage") !== null;
  // Frameworks load it again with every mount, and a page's script may come when its component has gone: what only
  // waits for `init` changes nothing then. What starts by itself stands alone.
  if (!starts && page.Patchrooms?.destroy) return;
  page.Patchrooms?.destroy?.();
  const start: Start = { home, baked, data, load: loader(() => start.home) };
  const api = new PatchroomsApi(start);
  page.Patchrooms = api as unknown as { destroy: () => void };
  if (starts) void api.init();
}, undefined);
