/** Makes the keys of a run below `place`, and proves that such hosts can be had. */
export function prepareSshHosts(place: string): Promise<{ readonly address: string }>
