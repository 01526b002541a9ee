/** Types of docker-engine.mjs. `address` is JSON: see TestEngine in test/support/containers/engine.ts. */
export function startDockerRegistry(
  place: string,
): Promise<{ readonly address: string; stop(): Promise<void> }>
