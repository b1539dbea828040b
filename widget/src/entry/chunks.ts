/** Filled in by the build: logical chunk names to files with a content hash. */
declare const __CHUNKS__: Record<string, string>;

/** Loads a chunk from the instance's /widget/ folder. `import()` passes Trusted Types, unlike a script element. */
export function loader(home: () => string): <T>(chunk: string) => Promise<T> {
  return <T>(chunk: string) => import(`${home()}/widget/${__CHUNKS__[chunk]}`) as Promise<T>;
}
