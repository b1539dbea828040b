import type { LocalReport, LocalStore, Options } from "../types";
import { warn } from "./own";

/**
 * Local mode: reports stay in localStorage, under the artifact's id, which is stable across regenerations
 * (Patchrooms, options `storage` and `artifact`). Where storage is blocked they live as long as the page.
 */
export function localStore(options: Options): LocalStore {
  const key = `patchrooms:local:${options.artifact?.id ?? options.projectKey ?? location.pathname}`;
  let memory: LocalReport[] = [];
  const reports = (): LocalReport[] => {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
      return Array.isArray(kept) ? [...(kept as LocalReport[]), ...memory] : memory;
    } catch {
      return memory;
    }
  };
  return {
    reports,
    add(report) {
      const stored = reports().filter((kept) => !memory.includes(kept));
      try {
        localStorage.setItem(key, JSON.stringify([...stored, report]));
      } catch (error) {
        if ((error as DOMException).name === "QuotaExceededError") return false;
        warn("storage is blocked: the report is kept until the page is closed");
        memory = [...memory, report];
      }
      return true;
    },
    clear() {
      memory = [];
      try {
        localStorage.removeItem(key);
      } catch {
        // Nothing was stored where nothing can be removed.
      }
    },
  };
}
