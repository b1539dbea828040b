import type { Report } from "../types";
import type { Answer, Failure } from "./verdict";

/** A report on its way. It stays here until the server has acknowledged it. */
export interface Parcel {
  /** The report's clientId. */
  id: string;
  address: string;
  dress: "patchrooms" | "miniback";
  projectKey: string;
  report: Report;
  files: Record<string, Blob>;
  madeAt: number;
  tries: number;
  nextAt: number;
  state: "waiting" | "sent" | "failed";
  answer?: Answer;
  failure?: Failure;
  said?: string;
}

export interface Shelf {
  all<T>(store: StoreName): Promise<T[]>;
  put(store: StoreName, key: string, value: unknown): Promise<void>;
  remove(store: StoreName, key: string): Promise<void>;
  /** False where nothing outlives the page. */
  lasting: boolean;
}

export type StoreName = "parcels" | "drafts";

const DATABASE = "backroom";
let shelf: Promise<Shelf> | null = null;

/** IndexedDB, or memory where the browser or the page's sandbox blocks it (private mode, opaque origins). */
export function openShelf(): Promise<Shelf> {
  shelf ??= openDatabase().then(databaseShelf, memory);
  return shelf;
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const name of ["parcels", "drafts"]) request.result.createObjectStore(name);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
    // Some private modes never answer.
    setTimeout(() => reject(new Error("no answer")), 3_000);
  });
}

function databaseShelf(database: IDBDatabase): Shelf {
  // Another tab may delete or upgrade the database; holding on would block it. The next use then fails over.
  database.onversionchange = () => database.close();
  const run = <T>(store: StoreName, mode: IDBTransactionMode, act: (s: IDBObjectStore) => IDBRequest): Promise<T> =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const request = act(transaction.objectStore(store));
      // A write counts once its transaction is complete, not when the request succeeds.
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  const spare = memory();
  const shelf: Shelf = {
    lasting: true,
    // Somebody may clear the site's data under us: then only what memory holds is left.
    all: async <T>(store: StoreName) => [
      ...(await run<T[]>(store, "readonly", (s) => s.getAll()).catch(() => [])),
      ...(await spare.all<T>(store)),
    ],
    async put(store, key, value) {
      try {
        await run(store, "readwrite", (s) => s.put(value, key));
        await spare.remove(store, key);
      } catch {
        // The disk is full, or blobs aren't taken (older WebKit): better in memory than lost.
        shelf.lasting = false;
        await spare.put(store, key, value);
      }
    },
    async remove(store, key) {
      await spare.remove(store, key);
      await run(store, "readwrite", (s) => s.delete(key)).catch(() => {});
    },
  };
  return shelf;
}

function memory(): Shelf {
  const stores = { parcels: new Map<string, unknown>(), drafts: new Map<string, unknown>() };
  return {
    lasting: false,
    all: async <T>(store: StoreName) => [...stores[store].values()] as T[],
    put: async (store, key, value) => void stores[store].set(key, value),
    remove: async (store, key) => void stores[store].delete(key),
  };
}
