/** Filled in by the build: a hash of all chunks, which is in the name of each. */
declare const __BUILD__: string;

/** Loads a chunk from the instance's /v1/parts/ folder. `import()` passes Trusted Types, unlike a script element. */
export function loader(home: () => string): <T>(chunk: string) => Promise<T> {
  let failed = "";
  return <T>(chunk: string) =>
    (import(`${home()}/v1/parts/${chunk}-${__BUILD__}.js${failed}`) as Promise<T>).catch((error: unknown) => {
      // Browsers remember what could not be loaded by its address.
      failed += "?";
      throw error;
    });
}
