/** One tab sends at a time: two tabs that hold the same queue must not both empty it. */

const NAME = "backroom-send";
const LEASE_MS = 70_000;

export async function inTurn(act: () => Promise<void>): Promise<void> {
  const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
  if (locks) {
    try {
      await locks.request(NAME, act);
      return;
    } catch (error) {
      // Opaque origins refuse the lock itself; what `act` throws is not ours to swallow.
      if (!(error instanceof DOMException && error.name === "SecurityError")) throw error;
    }
  }
  if (!leased()) return;
  try {
    await act();
  } finally {
    store((storage) => storage.removeItem(NAME));
  }
}

/** Without locks: a lease in localStorage. Two may race for it; the clientId makes that harmless. */
function leased(): boolean {
  let free = true;
  store((storage) => {
    free = Number(storage.getItem(NAME) ?? 0) < Date.now();
    if (free) storage.setItem(NAME, String(Date.now() + LEASE_MS));
  });
  return free;
}

function store(act: (storage: Storage) => void): void {
  try {
    act(localStorage);
  } catch {
    // No storage, no other tab that could share a queue with this one.
  }
}
