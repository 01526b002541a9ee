/** Types of engine-leftovers.mjs. */
export function removeLabelled(socketPath: string, label: string): Promise<void>
