/** Whether some report still waits in this browser: a flag, so that a page without any loads no sender. */

const FLAG = "backroom:waiting";

export const setPending = (): void => write((storage) => storage.setItem(FLAG, "1"));
export const clearPending = (): void => write((storage) => storage.removeItem(FLAG));

export function isPending(): boolean {
  try {
    return localStorage.getItem(FLAG) === "1";
  } catch {
    return false;
  }
}

function write(act: (storage: Storage) => void): void {
  try {
    act(localStorage);
  } catch {
    // Blocked storage: the queue lives in memory and needs no flag.
  }
}
