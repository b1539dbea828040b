/** One tab sends at a time: two tabs that hold the same queue must not both empty it. */

/**
 * Without locks (pages without https, opaque origins) two tabs may send the same report; its clientId makes that
 * harmless.
 */
export async function inTurn(act: () => Promise<void>): Promise<void> {
  const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
  if (!locks) return act();
  try {
    await locks.request("backroom-send", act);
  } catch (error) {
    // Opaque origins refuse the lock itself; what `act` throws is not ours to swallow.
    if (!(error instanceof DOMException && error.name === "SecurityError")) throw error;
    await act();
  }
}
